"""Text that people type: what may be stored, printed and shown.

What lives here: the one rule on control characters and the annotated text types of the commands.
"""

from typing import Annotated

import msgspec

from shared.domain.errors import Refused
from shared.limits import ID_LENGTH_MAX, NAME_LENGTH_MAX, NOTE_LENGTH_MAX

__all__ = ["Id", "Name", "Note", "ShortId", "ensure_text"]

Id = Annotated[str, msgspec.Meta(min_length=36, max_length=36, description="UUID in canonical lower-case form")]
ShortId = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH_MAX, description="an id that a person chose")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_LENGTH_MAX)]


def ensure_text(*texts: str) -> None:
    """Refuse `text.control_character` for control characters other than line feed and tab.

    NUL cannot stand in a Postgres text nor on paper, and no other control character can be typed on purpose.
    Lone surrogates cannot be encoded and are refused alike.
    """
    for text in texts:
        for character in text:
            if (character < " " and character not in "\n\t") or character == "\x7f" or "\ud800" <= character <= "\udfff":
                raise Refused("text.control_character", f"The text {text!r} holds the control character {character!r}.")
