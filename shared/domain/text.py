"""Text that people type: what may be stored, printed and shown.

What lives here: the one rule on control characters and the annotated text types of the commands.
"""

import re
from typing import Annotated

import msgspec

from shared.domain.errors import Refused
from shared.limits import ID_LENGTH_MAX, NAME_LENGTH_MAX, NOTE_LENGTH_MAX

__all__ = ["Id", "Name", "Note", "ShortId", "control_character", "ensure_text"]

Id = Annotated[str, msgspec.Meta(min_length=36, max_length=36, description="UUID in canonical lower-case form")]
ShortId = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH_MAX, description="an id that a person chose")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_LENGTH_MAX)]


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def ensure_text(*texts: str) -> None:
    """Refuse `text.control_character` for control characters other than line feed and tab.

    NUL cannot stand in a Postgres text nor on paper, and no other control character can be typed on purpose.
    Lone surrogates cannot be encoded and are refused alike.
    """
    for text in texts:
        found = control_character(text)
        if found:
            raise Refused("text.control_character", f"The text {text!r} holds the control character {found!r}.")


def control_character(text: str) -> str:
    """The first character that `ensure_text` refuses, or an empty string."""
    match = _CONTROL.search(text)
    return match[0] if match else ""
