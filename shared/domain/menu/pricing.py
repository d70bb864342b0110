"""The part of the menu document that says when which price is in force.

What lives here: types only. Which level holds at a moment is worked out in effective.py.
"""

from typing import Annotated

import msgspec

from shared.domain.text import Name, ShortId

__all__ = ["Daypart", "PriceLevel", "Window"]

Clock = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="local wall time, HH:MM")]


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a local wall time until before another, on days of the week (1 is Monday; none means every day). One that ends at or
    before it starts goes over midnight and belongs to the day it starts on."""

    starts: Clock
    ends: Clock
    days: tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...] = ()


class Daypart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Breakfast, lunch, happy hour: in force while any of its windows is."""

    id: ShortId
    name: Name
    windows: tuple[Window, ...]


class PriceLevel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named set of prices. It is in force by itself in its dayparts (happy hour), by a dining option that names it, or when a
    waiter chooses it. Of several in force the chosen one comes first, then those of the menu in their order; the first that has a
    price for the item counts."""

    id: ShortId
    name: Name
    daypart_ids: tuple[ShortId, ...] = ()
