"""How many: what the kitchen still has to make, by item with its modifiers, and of which ingredient it needs how much.

What lives here: pure counts over tickets. Which tickets a screen shows, and how, is not known here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from shared.domain.kitchen.state import IngredientNeed, Ticket, TicketLine
from shared.domain.menu.document import IngredientUse

__all__ = ["ItemCount", "VariantCount", "ingredient_counts", "item_counts", "needs_of"]

_WHOLE = 1_000  # thousandths
_HALF = 500
_Variant = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]  # modifiers, portions, depths


class VariantCount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """So many of an item with just these modifiers; `portions` and `depths` as in FiredLine."""

    modifiers: tuple[str, ...]
    quantity: int
    portions: tuple[str, ...] = ()
    depths: tuple[int, ...] = ()


class ItemCount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """So many of an item altogether; `variants` add up to `quantity`."""

    item_id: str
    name: str
    quantity: int
    variants: tuple[VariantCount, ...]


def needs_of(
    quantity: int, ingredients: Sequence[IngredientUse], modifiers: Sequence[tuple[str, Sequence[IngredientUse]]]
) -> tuple[IngredientNeed, ...]:
    """What a line takes of each ingredient: those of the item and of its modifiers, pairs of (portion, ingredients), for the whole
    quantity. A modifier on a half takes, or leaves out, half as much. What is left out of a dish is missing from no other: none
    falls below zero, and what comes to nothing is not named."""
    if not ingredients and not modifiers:
        return ()
    each: defaultdict[str, int] = defaultdict(int)
    for use in ingredients:
        each[use.name] += use.count * _WHOLE
    for portion, uses in modifiers:
        for use in uses:
            each[use.name] += use.count * (_WHOLE if portion == "whole" else _HALF)
    return tuple([IngredientNeed(name=name, thousandths=count * quantity) for name, count in each.items() if count > 0])


def item_counts(tickets: Iterable[Ticket], station: str = "") -> tuple[ItemCount, ...]:
    """How many of each item are still to be made, at a station or ("") anywhere, most first. An item that several stations work on
    counts once. The same item with other modifiers is a variant of its own; notes make none."""
    variants: dict[tuple[str, str], defaultdict[_Variant, int]] = {}
    names: dict[tuple[str, str], str] = {}
    for line in _pending(tickets, station):
        key = line.item_id, "" if line.item_id else line.name  # lines of v0.1 name no item
        names.setdefault(key, line.name)
        variants.setdefault(key, defaultdict(int))[line.modifiers, line.portions, line.depths] += line.quantity
    counts = [
        ItemCount(item_id=key[0], name=names[key], quantity=sum(found.values()), variants=_variants(found))
        for key, found in variants.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.quantity, count.name, count.item_id)))


def _variants(found: Mapping[_Variant, int]) -> tuple[VariantCount, ...]:
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return tuple([
        VariantCount(modifiers=modifiers, quantity=quantity, portions=portions, depths=depths)
        for (modifiers, portions, depths), quantity in ordered
    ])  # fmt: skip


def ingredient_counts(tickets: Iterable[Ticket], station: str = "") -> tuple[IngredientNeed, ...]:
    """What is still needed of each ingredient, at a station or ("") anywhere, most first."""
    needs: defaultdict[str, int] = defaultdict(int)
    for line in _pending(tickets, station):
        for need in line.ingredients:
            needs[need.name] += need.thousandths
    ordered = sorted(needs.items(), key=lambda each: (-each[1], each[0]))
    return tuple([IngredientNeed(name=name, thousandths=thousandths) for name, thousandths in ordered])


def _pending(tickets: Iterable[Ticket], station: str) -> Iterator[TicketLine]:
    """The lines still to be made. One that stands on several stations' tickets comes once; ids of lines are of their check, for they
    come from devices, which may use one on two checks."""
    seen: set[tuple[str, str]] = set()
    for ticket in tickets:
        if station not in ("", ticket.station):
            continue
        for line in ticket.lines:
            known_as = line.check_id or ticket.check_id, line.line_id
            if line.is_pending and known_as not in seen:
                seen.add(known_as)
                yield line
