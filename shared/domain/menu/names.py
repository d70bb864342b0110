"""What something on the menu is called in a language.

What lives here: the choice of a name. Which languages a menu has stands in its document; who wants which is not known here.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

__all__ = ["Named", "name_in"]


class Named(Protocol):
    """Anything of the menu with a name and, maybe, names in other languages."""

    @property
    def name(self) -> str: ...

    @property
    def names(self) -> Mapping[str, str]: ...


def name_in(thing: Named, languages: Sequence[str], wanted: str) -> str:
    """The name in the `wanted` language (BCP 47), as RFC 4647 looks languages up: the tag itself, then ever shorter ones ("pt-BR",
    then "pt"), then another tag of the same language ("pt-PT").

    `languages` are those of the menu; `thing.name` is in the first of them, and is the answer where nothing fits or nothing is wanted.
    """
    if not wanted or not thing.names:
        return thing.name
    known = {tag.lower(): name for tag, name in thing.names.items()}
    if languages:
        known.setdefault(languages[0].lower(), thing.name)
    tag = wanted.lower()
    while tag:
        if tag in known:
            return known[tag]
        tag = tag.rpartition("-")[0]
    primary = wanted.lower().partition("-")[0]
    return next((name for each, name in sorted(known.items()) if each.partition("-")[0] == primary), thing.name)
