"""The part of the menu document that describes the house: floors with tables, stations, and how guests take their order.

What lives here: types only. Who sits where is a matter of checks.
"""

from typing import Annotated, Literal

import msgspec

from shared.domain.text import Name, ShortId
from shared.limits import COVERS_MAX

__all__ = ["DINE_IN", "TAKE_AWAY", "DiningOption", "Floor", "Station", "Table"]

DINE_IN = "dine_in"
TAKE_AWAY = "take_away"
Position = Annotated[int, msgspec.Meta(ge=0, le=10_000, description="place on the plan, in units of the floor")]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table on a floor; `x` and `y` are its place on the plan."""

    id: ShortId
    seats: Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX)] = 0
    x: Position = 0
    y: Position = 0
    shape: Literal["square", "round", "bar"] = "square"


class Floor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room, or a terrace."""

    id: ShortId
    name: Name
    tables: Annotated[tuple[Table, ...], msgspec.Meta(max_length=1_000)] = ()


class Station(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kitchen station. One of kind "expo" sees every ticket and hands it over; where there is one, a ticket stays until it is
    served. `fires_by_prep` lets what takes less time begin later, so that a fire is ready together."""

    id: ShortId
    name: Name
    kind: Literal["cook", "expo"] = "cook"
    fires_by_prep: bool = False


class DiningOption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to take an order, such as dine_in, take_away or delivery; `price_level` is what it is sold at, if not the base price."""

    id: ShortId
    name: Name
    price_level: Annotated[str, msgspec.Meta(max_length=64)] = ""
