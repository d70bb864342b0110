"""What an item is offered as on a check at a moment: whether it can be had, at which price, with which taxes.

What lives here: the terms of a sale, the refusal of what is not to be had, and the division of a combo's price. Commands and
events are not known here; menus and overrides are asked through menu/effective.py and menu/overrides.py.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from shared.domain.arithmetic.combos import combo_amounts
from shared.domain.arithmetic.rates import ratio
from shared.domain.arithmetic.types import Tax
from shared.domain.check.state import Check
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Context, Key, View
from shared.domain.menu.document import Menu, MenuItem
from shared.domain.menu.effective import course_of, is_served, levels_in_force, local_time, price_of, taxes_of
from shared.domain.menu.overrides import given_back, override_of, taken

__all__ = [
    "OFFER_ERRORS", "Terms", "Weight", "counted_units", "course_named", "ensure_dining_option", "ensure_offered", "ensure_weight", "find_item",
    "is_waiting", "price_at", "recounted", "shared_out", "taxes_at", "terms_of",
]  # fmt: skip

Weight = Annotated[str, msgspec.Meta(max_length=16, description="an exact decimal in the unit of the item, net of tare, such as 0.347")]
_WEIGHT = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,6})?\Z")


class Terms(NamedTuple):
    """How something is sold on a check: `local` is the moment on the site's wall, `levels` the price levels in force, those that
    count first before others."""

    check_id: str
    menu: Menu
    dining_option: str
    levels: tuple[str, ...]
    local: datetime
    business_date: str


def terms_of(check: Check, context: Context, dining_option: str = "", at: datetime | None = None) -> Terms:
    """The terms under a dining option ("": that of the check) at a moment in UTC (None: now)."""
    local = local_time(context) if at is None else at.astimezone(context.zone).replace(tzinfo=None)
    option = dining_option or check.dining_option
    levels = levels_in_force(context.menu, local, option, check.price_level)
    return Terms(check.check_id, context.menu, option, levels, local, check.business_date)


def find_item(menu: Menu, item_id: str) -> MenuItem:
    """The item. Raises Refused `item.unknown`."""
    item = menu.items_by_id.get(item_id)
    if item is None:
        raise Refused("item.unknown", f"The menu {menu.name!r} has no item {item_id!r}.", item_id=item_id)
    return item


def price_at(view: View, terms: Terms, item: MenuItem) -> tuple[int, str]:
    """(price of one unit in minor units, id of the price level that it is of or "")."""
    return price_of(terms.menu, item, terms.levels, override_of(view, item.id) if item.local_price else None)


def taxes_at(terms: Terms, item: MenuItem) -> tuple[Tax, ...]:
    """The taxes that a line of the item bears."""
    return taxes_of(terms.menu, item, terms.dining_option, terms.business_date)


def shared_out(view: View, terms: Terms, price_minor: int, items: Sequence[MenuItem], extras_minor: Sequence[int]) -> list[int]:
    """The unit price of each component of a combo: its part of the combo's price over stand-alone prices (golden rule 10), and
    what it costs extra."""
    return combo_amounts(price_minor, [price_at(view, terms, item)[0] for item in items], 1, extras_minor)


def ensure_dining_option(menu: Menu, dining_option: str) -> None:
    """Raises Refused `dining_option.unknown` where the menu lists dining options and it is none of them."""
    options = menu.dining_options
    if options and dining_option not in {option.id for option in options}:
        detail = f"The menu has no dining option {dining_option!r}."
        raise Refused("dining_option.unknown", detail, dining_options=[option.id for option in options])


def ensure_weight(item: MenuItem, weight: str, quantity: int) -> None:
    """Raises Refused `line.weight_missing`, `line.weight_not_asked`, `line.weight_invalid`, `line.weight_too_large`, or
    `line.weighed_quantity` for several units of one weight."""
    weighing = item.weighing
    if weighing is None:
        if weight:
            raise Refused("line.weight_not_asked", f"{item.name} is not sold by weight.", item_id=item.id)
        return
    facts = {"item_id": item.id, "unit": weighing.unit, "maximum": weighing.maximum}
    if not weight:
        raise Refused("line.weight_missing", f"{item.name} is sold by the {weighing.unit}.", **facts)
    (over, under), (most, of) = ratio(weight) if _WEIGHT.match(weight) else (0, 1), ratio(weighing.maximum)
    if not over:
        raise Refused("line.weight_invalid", f"{weight!r} is no weight of {item.name}.", **facts)
    if over * of > most * under:
        raise Refused("line.weight_too_large", f"{weight} {weighing.unit} is more of {item.name} than is believed.", **facts)
    if quantity != 1:
        raise Refused("line.weighed_quantity", f"{item.name} is weighed piece by piece, not {quantity} at once.", **facts)


def course_named(menu: Menu, course: str, item: MenuItem | None) -> str:
    """The course that was said for a line, "" for that of the item. Raises Refused `course.unknown`."""
    if not course:
        return course_of(menu, item) if item is not None else ""
    if course not in menu.courses_by_id:
        raise Refused("course.unknown", f"The menu has no course {course!r}.", courses=list(menu.courses_by_id))
    return course


def is_waiting(menu: Menu, course: str) -> bool:
    """Whether what is added in this course waits until it is fired."""
    found = menu.courses_by_id.get(course)
    return found is not None and found.waits


# --- whether it can be had -------------------------------------------------------------------------


def ensure_offered(view: View, terms: Terms, units: Mapping[str, int]) -> None:
    """Raises Refused where so many more units of these items (by id) cannot be had now: `item.unknown`, `item.eighty_sixed`,
    `item.sold_out` or `item.not_served_now`, each naming the item."""
    for item_id, wanted in units.items():
        item = find_item(terms.menu, item_id)
        override = override_of(view, item_id)
        facts = {"check_id": terms.check_id, "item_id": item_id, "item": item.name}
        if override is not None and override.is_86:
            raise Refused("item.eighty_sixed", f"{item.name} is off the menu for now.", **facts)
        if override is not None and override.left is not None and wanted > override.left:
            raise Refused("item.sold_out", f"{override.left} of {item.name} are left, not {wanted}.", left=override.left, **facts)
        if not is_served(terms.menu, item, terms.local):
            detail = f"{item.name} is not served at {terms.local:%H:%M}."
            raise Refused("item.not_served_now", detail, daypart_ids=list(item.daypart_ids), **facts)


# --- the countdown ---------------------------------------------------------------------------------


def counted_units(view: View, check: Check, item_id: str, units: int) -> int:
    """How many of `units` are taken off a countdown of the item: all where there is one, none in training."""
    override = override_of(view, item_id)
    return 0 if check.training or override is None or override.left is None else units


def recounted(view: View, item_id: str, before: int, after: int) -> Mapping[Key, Aggregate]:
    """The change of the item's countdown when a line counts `after` units instead of `before`. Raises ValueError for more than are left."""
    if after == before:
        return {}
    return taken(view, item_id, after - before) if after > before else given_back(view, item_id, before - after)


OFFER_ERRORS: dict[str, ErrorInfo] = {
    "item.eighty_sixed": ErrorInfo(409, "The item has run out.", "Offer something else, or restore it once there is some again."),
    "item.sold_out": ErrorInfo(409, "Fewer of the item are left than are ordered.", "Order as many as are left, or offer something else."),
    "item.not_served_now": ErrorInfo(409, "The item is not served at this time of day.", "Offer what is on the menu now."),
    "course.unknown": ErrorInfo(422, "The menu has no such course.", "Choose one of the courses of the menu, or none."),
    "line.weight_missing": ErrorInfo(422, "The item is sold by weight.", "Weigh it, and send the weight as a decimal."),
    "line.weight_not_asked": ErrorInfo(422, "The item is not sold by weight.", "Order it by the piece."),
    "line.weight_invalid": ErrorInfo(422, "That is no weight.", "Write a decimal above zero, such as 0.347."),
    "line.weight_too_large": ErrorInfo(422, "That is more than a guest can have ordered.", "Look at the scale, and at the unit."),
    "line.weighed_quantity": ErrorInfo(422, "What is weighed is ordered one by one.", "Add a line for each piece, with its own weight."),
}
