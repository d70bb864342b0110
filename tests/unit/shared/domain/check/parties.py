"""Checks of every kind to be split, merged and moved: drawn at random, or ordered at a table of the world.

What lives here: a strategy for checks as they may stand on a site, and the moves and sums that tests of splitting, merging and
moving share. It knows the arithmetic's random lines, and nothing of how a check is divided.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st

from shared.domain.arithmetic.types import Sums
from shared.domain.check import Check, CheckStatus, Line, LineStatus, LineWeights, OpenCheck, SendCheck, SplitCheck, sums_of
from shared.domain.check.state import CHECK, Exemption, GivenCharge, GivenDiscount, Voiding
from shared.domain.kernel import Event
from shared.domain.menu.rules import SellingRules
from shared.domain.registry import decode_event, evolve
from shared.domain.site import numbered
from tests.unit.shared.domain.arithmetic.cases import checks
from tests.unit.shared.domain.world import MENU, NOON, World, begun, name_id

A = name_id("a")

SUMS = ("gross", "discount", "comp", "void", "service", "tax", "total")


@st.composite
def standing(draw: st.DrawFn, most: int = 6) -> Check:
    """An open check, all in the kitchen: any taxes, discounts, comps, promotions, charges, voids and exemption."""
    lines, discounts, charges = draw(checks(most=most))
    waste = Voiding(after_fire=True)
    return Check(
        check_id=name_id("a"), number=1, epoch=1, business_date="2026-03-02", currency="EUR", status=CheckStatus.OPEN, opened_at=NOON,
        covers=draw(st.integers(0, 7)), revision=3,
        lines=tuple([
            Line(
                line_id=name_id(line.id), item_id="soup", name=line.id, category="Food", quantity=1, unit_price_minor=line.amount_minor,
                station="kitchen", status=LineStatus.VOIDED if line.voided else LineStatus.SENT, taxes=line.taxes, seat=line.seat,
                discountable=line.discountable, void=waste if line.voided else None,
            )
            for line in lines
        ]),
        discounts=tuple([
            GivenDiscount(
                discount_id=name_id(each.id), name=each.id, scope=each.scope, rate=each.rate, amount_minor=each.amount_minor,
                line_ids=tuple([name_id(id) for id in each.line_ids]), parts_minor=each.parts_minor,
            )
            for each in discounts
        ]),
        charges=tuple([
            GivenCharge(charge_id=name_id(each.id), name=each.id, rate=each.rate, amount_minor=each.amount_minor, taxable=each.taxable)
            for each in {each.id: each for each in charges}.values()
        ]),
        exemption=draw(st.sampled_from([None, None, Exemption(), Exemption(tax_ids=("city", "food"))])),
    )  # fmt: skip


def weights(draw: st.DrawFn, check: Check, ways: int) -> tuple[LineWeights, ...]:
    """Any weights of every line, so that nobody goes away with nothing."""
    kept = check.kept_lines
    some = st.lists(st.integers(0, 3), min_size=ways, max_size=ways).filter(any)
    given = [list(draw(some)) for _ in kept]
    for place in range(ways):
        if not any(own[place] for own in given):
            given[place % len(given)][place] = 1
    return tuple([LineWeights(line_id=line.line_id, weights=tuple(own)) for line, own in zip(kept, given, strict=True)])


def at(check: Check, **fields: Any) -> World:
    """A world with this check."""
    world = begun(**fields)
    world.states[CHECK, check.check_id] = check
    world.states.update(numbered(1, "check", check.number))
    return world


def split(world: World, into: str, *assignments: LineWeights, name: str = "a", **fields: Any) -> list[Event]:
    """Split a check into itself and others, named by letters."""
    ids = tuple([name_id(letter) for letter in into])
    return world.do(SplitCheck(check_id=name_id(name), into=ids, assignments=assignments, **fields))


def bears(line: str, *weights: int) -> LineWeights:
    """Who bears the line of this name."""
    return LineWeights(line_id=name_id(line), weights=weights)


def totals(*checks: Check) -> dict[str, int]:
    """What these checks come to together, in every sum; net with that of service charges."""
    sums = [sums_of(check) for check in checks]
    together = {name: sum(getattr(each, f"{name}_minor") for each in sums) for name in SUMS}
    return together | {"net": sum(each.net_minor + each.service_net_minor for each in sums)}


def taxed(*checks: Check) -> dict[object, tuple[int, int]]:
    """What each tax comes to on these checks together: due, and relieved; taxes that come to nothing left out."""
    groups: dict[object, tuple[int, int]] = {}
    for check in checks:
        for group in sums_of(check).taxes:
            due, relieved = groups.get(group.tax, (0, 0))
            groups[group.tax] = (due + group.tax_minor, relieved + group.relieved_minor)
    return {tax: sums for tax, sums in groups.items() if any(sums)}


def prices(sums: Sums) -> dict[str, tuple[int, int, int, int]]:
    """Of each line: gross, discount, comp, and what is left."""
    return {line.line_id: (line.gross_minor, line.discount_minor, line.comp_minor, line.price_minor) for line in sums.lines}


def ensure_followed(before: World, world: World) -> None:
    """What a follower makes of the journal since `before`, through JSON, is what the world holds; and so is what is stored of it."""
    follower = World(epoch=before.epoch, menu=before.menu, states=dict(before.states))
    for event, meta in world.journal[len(before.journal) :]:
        decoded = decode_event(msgspec.json.encode(event))
        assert decoded == event
        follower.states.update(evolve(follower, decoded, meta))
    assert follower.states == world.states
    for state in world.states.values():
        assert msgspec.json.decode(msgspec.json.encode(state), type=type(state)) == state


def copy_of(world: World) -> World:
    """The world as it is now."""
    return World(epoch=world.epoch, now=world.now, menu=world.menu, states=dict(world.states), journal=list(world.journal))


# --- a table with three guests ---


def at_table(**fields: Any) -> World:
    """Three guests at table 1: soup at seat 1, wine at seat 2, and two soups in the middle; all of it in the kitchen."""
    rules = fields.pop("rules", SellingRules())
    world = begun(menu=msgspec.structs.replace(MENU, rules=rules))
    world.do(OpenCheck(check_id=A, table_id="1", covers=3, **fields))
    world.add("soup", line="soup", seat=1)
    world.add("wine", line="wine", seat=2)
    world.add("soup", line="middle", quantity=2)
    world.do(SendCheck(check_id=A))
    return world


def by_seats(world: World, into: str, *seats: tuple[int, ...], **fields: Any) -> Any:
    [event, *_] = world.do(SplitCheck(check_id=A, into=tuple([name_id(letter) for letter in into]), seats=seats, **fields))
    return event


def shares(world: World, name: str) -> dict[str, str]:
    """What stands on a check, by name: "" for a whole line, else the part."""
    return {line.name: line.share.part if line.share else "" for line in world.check(name).kept_lines}
