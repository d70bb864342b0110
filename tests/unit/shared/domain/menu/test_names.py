"""What something is called in a language."""

import pytest

from shared.domain.menu import MenuItem
from shared.domain.menu.names import name_in

TEA = MenuItem(
    id="tea", name="Tè", category="Bevande", price_minor=300, names={"en": "Tea", "pt-BR": "Chá", "de-CH": "Tee", "de-AT": "Tee!"}
)  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("en", "Tea"), ("EN", "Tea"), ("en-GB", "Tea"), ("en-Latn-GB", "Tea"),
        ("pt-BR", "Chá"), ("pt-br", "Chá"), ("pt", "Chá"), ("pt-PT", "Chá"),
        ("de", "Tee!"), ("it", "Tè"), ("it-CH", "Tè"), ("fr", "Tè"), ("", "Tè"), ("-", "Tè"), ("e", "Tè"),
    ],
)  # fmt: skip
def test_a_guest_reads_the_nearest_language_there_is(wanted: str, name: str) -> None:
    assert name_in(TEA, ("it", "en", "pt-BR"), wanted) == name


def test_a_menu_that_lists_no_language_and_a_thing_without_names_have_their_name() -> None:
    assert name_in(TEA, (), "it") == "Tè"
    assert name_in(MenuItem(id="x", name="X", category="Y", price_minor=1), ("it",), "en") == "X"
