"""Text that people type: what cannot be stored in Postgres or put on paper is refused, everything else is kept."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import Refused
from shared.domain.text import ensure_text


@pytest.mark.parametrize("text", ["\x00", "no\x00nuts", "\x1b[31m", "\x7f", "a\rb", "\x0b", "\ud800"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        ensure_text("fine", text)
    assert refused.value.code == "text.control_character"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t")))
def test_every_other_text_is_kept_whatever_the_language(text: str) -> None:
    ensure_text(text)
    assert msgspec.json.decode(msgspec.json.encode(text)) == text
