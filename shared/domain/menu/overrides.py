"""What the site itself says of an item of HQ's menu: that it has run out (86), how many are left, a price of its own.

What lives here: the override of each item as state, the commands that change it, and the countdown that lines take from and give
back to. What the override does to a price is in effective.py. The override outlives the menu: HQ and the site own different
facts, and what is in force is a function of both (Law 5).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.document import Price
from shared.domain.text import ShortId
from shared.limits import QUANTITY_MAX

__all__ = [
    "FEATURE", "OVERRIDE", "CountdownSet", "EightySixItem", "ItemEightySixed", "ItemOverride", "ItemRestored", "LocalPriceSet",
    "RestoreItem", "SetCountdown", "SetLocalPrice", "given_back", "override_of", "taken",
]  # fmt: skip

OVERRIDE = "override"


class ItemOverride(Aggregate, frozen=True):
    """What the site says of one item. `left` counts down with every line, None does not count; at nothing left the item cannot be
    ordered. `price_minor` is the site's own price, None where it has none. `by` and `at` (UTC) are of the last word said."""

    item_id: str
    is_86: bool = False
    left: int | None = None
    price_minor: int | None = None
    by: str = ""
    at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it still says anything."""
        return self.is_86 or self.left is not None or self.price_minor is not None

    @property
    def is_available(self) -> bool:
        """Whether one unit can be ordered, as far as the site says."""
        return not self.is_86 and self.left != 0


# --- the countdown, for lines ----------------------------------------------------------------------


def override_of(view: View, item_id: str) -> ItemOverride | None:
    """What the site says of an item now; None where it says nothing."""
    found = view.find(ItemOverride, OVERRIDE, item_id)
    return found if found is not None and found.is_live else None


def taken(view: View, item_id: str, units: int) -> Mapping[Key, Aggregate]:
    """The change that counts `units` down, none where the item is not counted.

    Decisions take no more than are left. Where a follower has held back a void that gave units back, more are taken here than it
    knows of: then none are left, for no other check may suffer from the one in quarantine (Law 11).
    """
    override = override_of(view, item_id)
    if override is None or override.left is None or not units:
        return {}
    return _put(msgspec.structs.replace(override, left=max(0, override.left - units)))


def given_back(view: View, item_id: str, units: int) -> Mapping[Key, Aggregate]:
    """The change that counts `units` up again, none where the item is no longer counted."""
    override = override_of(view, item_id)
    if override is None or override.left is None or not units:
        return {}
    return _put(msgspec.structs.replace(override, left=override.left + units))


def _put(override: ItemOverride) -> Mapping[Key, Aggregate]:
    return {(OVERRIDE, override.item_id): override}


# --- what is said ----------------------------------------------------------------------------------


class EightySixItem(Command, frozen=True):
    """The item has run out: nobody can order it until it is restored."""

    item_id: ShortId


class RestoreItem(Command, frozen=True):
    """The item can be ordered again. A countdown that stands at nothing ends with it."""

    item_id: ShortId


class SetCountdown(Command, frozen=True):
    """So many units are left to order, from now on; None ends the count."""

    item_id: ShortId
    left: Annotated[int, msgspec.Meta(ge=0, le=QUANTITY_MAX)] | None = None


class SetLocalPrice(Command, frozen=True):
    """The site's own price, minor units, in place of the menu's base price; None takes it back."""

    item_id: ShortId
    price_minor: Price | None = None


class ItemEightySixed(Event, frozen=True):
    item_id: str


class ItemRestored(Event, frozen=True):
    item_id: str


class CountdownSet(Event, frozen=True):
    item_id: str
    left: int | None = None


class LocalPriceSet(Event, frozen=True):
    item_id: str
    price_minor: int | None = None


def _found(view: View, item_id: str, context: Context) -> ItemOverride:
    """What the site says of the item. Raises Refused `item.unknown` for one that neither the menu nor the site speaks of."""
    override = override_of(view, item_id)
    if override is None and item_id not in context.menu.items_by_id:
        raise Refused("item.unknown", f"The menu {context.menu.name!r} has no item {item_id!r}.", item_id=item_id)
    return override or ItemOverride(item_id=item_id)


def _ensure_change(changes: bool, detail: str, override: ItemOverride) -> None:
    if not changes:
        raise Refused("item.unchanged", detail, item_id=override.item_id)


def _eighty_six(view: View, command: EightySixItem, context: Context) -> Iterable[Event]:
    override = _found(view, command.item_id, context)
    _ensure_change(not override.is_86, f"{command.item_id!r} is off sale already.", override)
    yield ItemEightySixed(item_id=command.item_id)


def _restore(view: View, command: RestoreItem, context: Context) -> Iterable[Event]:
    override = _found(view, command.item_id, context)
    _ensure_change(not override.is_available, f"{command.item_id!r} is on sale already.", override)
    yield ItemRestored(item_id=command.item_id)


def _set_countdown(view: View, command: SetCountdown, context: Context) -> Iterable[Event]:
    override = _found(view, command.item_id, context)
    _ensure_change(override.left != command.left, f"The countdown of {command.item_id!r} stands there already.", override)
    yield CountdownSet(item_id=command.item_id, left=command.left)


def _set_local_price(view: View, command: SetLocalPrice, context: Context) -> Iterable[Event]:
    override = _found(view, command.item_id, context)
    if command.price_minor is not None:
        item = context.menu.items_by_id.get(command.item_id)
        if item is None:
            raise Refused("item.unknown", f"The menu {context.menu.name!r} has no item {command.item_id!r}.", item_id=command.item_id)
        if not item.local_price:
            raise Refused("item.price_is_fixed", f"The menu lets no site set a price of {item.name}.", item_id=item.id)
    _ensure_change(override.price_minor != command.price_minor, f"{command.item_id!r} has that price already.", override)
    yield LocalPriceSet(item_id=command.item_id, price_minor=command.price_minor)


def _say(view: View, item_id: str, meta: Meta, **fields: object) -> Mapping[Key, Aggregate]:
    override = override_of(view, item_id) or ItemOverride(item_id=item_id)
    return _put(msgspec.structs.replace(override, by=meta.actor_id or meta.device_id, at=meta.at, **fields))


def _eighty_sixed(view: View, event: ItemEightySixed, meta: Meta) -> Mapping[Key, Aggregate]:
    return _say(view, event.item_id, meta, is_86=True)


def _restored(view: View, event: ItemRestored, meta: Meta) -> Mapping[Key, Aggregate]:
    override = override_of(view, event.item_id)
    return _say(view, event.item_id, meta, is_86=False, left=None if override is None else override.left or None)


def _countdown_set(view: View, event: CountdownSet, meta: Meta) -> Mapping[Key, Aggregate]:
    return _say(view, event.item_id, meta, left=event.left)


def _local_price_set(view: View, event: LocalPriceSet, meta: Meta) -> Mapping[Key, Aggregate]:
    return _say(view, event.item_id, meta, price_minor=event.price_minor)


# Whoever finds the pan empty says so, waiter, cook or manager: it has a permission of its own, which all three have.
FEATURE = Feature(
    name="menu.overrides",
    deciders={
        EightySixItem: ("availability", _eighty_six),
        RestoreItem: ("availability", _restore),
        SetCountdown: ("availability", _set_countdown),
        SetLocalPrice: ("manage", _set_local_price),
    },
    evolvers={
        ItemEightySixed: _eighty_sixed,
        ItemRestored: _restored,
        CountdownSet: _countdown_set,
        LocalPriceSet: _local_price_set,
    },
    aggregates={OVERRIDE: ItemOverride},
    errors={
        "item.unchanged": ErrorInfo(409, "That already stands for the item.", "Nothing needs to be done."),
        "item.price_is_fixed": ErrorInfo(422, "The site may not set the price of this item.", "Ask headquarters to allow a local price."),
    },
)
