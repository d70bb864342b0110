"""Promotions: discounts that give themselves by rule, before all others (golden rule 2).

What lives here: which promotions hold on a check, as a pure function of its lines and the menu's rules. When that is asked, and
what becomes of the answer, is in settling.py; which lines a rule is for, in promotion_rules.py; what they take off and of which
tax, in arithmetic. Commands are not known here.

A promotion takes part units, not lines: a line of three pizzas is three. A unit takes part in one promotion at most, those that
the menu lists first come first. Left out are lines that are weighed, components of combos (which have a price of their own),
shares of lines that were split (their promotion was granted before), and what no discount may touch.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from shared.domain.arithmetic.profiles import profile_of
from shared.domain.arithmetic.rates import rate_of
from shared.domain.check.promotion_rules import Rule, rules_of
from shared.domain.check.reckoning import kept_of
from shared.domain.check.state import Check, GivenDiscount, Line, LineStatus
from shared.domain.ids import derived_id
from shared.domain.menu.document import Menu
from shared.domain.menu.rules import Promotion
from shared.domain.money import allocate
from shared.limits import RULE_IDS_CACHED_MAX

__all__ = ["promotions_of"]


class _Offer(NamedTuple):
    """What rules ask of a line, none of which changes while the line does not: `price` of a unit with modifiers, `bare` without.

    `by_price` and `by_bare` put the dearest first, and lines of one price in an order that does not hang on when they were added, so
    that totals do not either; `rules` are the places of those that it is for.
    """

    line_id: str
    item_id: str
    price: int
    bare: int
    by_price: tuple[Any, ...]
    by_bare: tuple[Any, ...]
    rules: tuple[int, ...]


class _Units(msgspec.Struct, gc=False):
    """Units of a line that take part in nothing yet."""

    offer: _Offer
    left: int


class _Take(NamedTuple):
    """What a promotion is a part of, on one line."""

    line_id: str
    amount_minor: int


def promotions_of(check: Check, menu: Menu, zone: ZoneInfo) -> tuple[GivenDiscount, ...]:
    """The promotions that hold on the check, in the order in which they come off; local times are of `zone`.

    What a split granted stands as it is, and so does what a rule gave that the menu no longer lists: a guest who was promised
    two for one keeps it when the menu turns. The lines of those take part in nothing else.
    """
    rules = rules_of(menu)
    standing = tuple([each for each in check.discounts if each.scope == "promotion"]) if check.discounts else ()
    if not rules:
        return standing
    known = {rule.promotion.id for rule in rules}
    kept = tuple([each for each in standing if each.granted or each.rule_id not in known])
    taken = {line_id for each in kept for line_id in each.line_ids}
    own: list[list[_Units]] = [[] for _ in rules]
    for line, offer in zip(check.lines, _offers(check, menu, rules, zone), strict=True):
        if offer is not None and offer.line_id not in taken:
            units = _Units(offer, line.quantity)
            for place in offer.rules:
                own[place].append(units)
    found: list[GivenDiscount] = []
    for rule, units_of_rule in zip(rules, own, strict=True):
        takes, amount = _KINDS[rule.promotion.kind](rule, [each for each in units_of_rule if each.left])
        if amount:
            number = sum(each.rule_id == rule.promotion.id for each in kept)
            found.append(_given(_discount_id(check.check_id, rule.promotion.id, number), rule.promotion, takes, amount))
    return (*kept, *found)


_discount_id = lru_cache(maxsize=RULE_IDS_CACHED_MAX)(derived_id)


def _offers(check: Check, menu: Menu, rules: tuple[Rule, ...], zone: ZoneInfo) -> list[_Offer | None]:
    """What the rules ask of each line, None of one that takes part in nothing; kept beside the state for the one after it."""
    lines, kept = check.lines, kept_of(check)
    before, known_rules, offers = kept.offers
    known = len(before) if known_rules is rules else 0
    now = [
        offers[place] if place < known and before[place] is line else _offer(line, menu, rules, zone) for place, line in enumerate(lines)
    ]
    kept.offers = (lines, rules, now)
    return now


def _offer(line: Line, menu: Menu, rules: tuple[Rule, ...], zone: ZoneInfo) -> _Offer | None:
    if line.status is LineStatus.VOIDED or not line.discountable or line.combo is not None or line.share is not None or line.weight:
        return None
    places = tuple([place for place, rule in enumerate(rules) if rule.is_for(line, menu, zone)])
    if not places:
        return None
    price = line.unit_price_minor
    for modifier in line.modifiers:
        price += modifier.price_minor
    price = max(0, price)
    bare = min(price, line.unit_price_minor)
    alike = (line.item_id, profile_of(line.taxes).key, line.line_id)
    return _Offer(line.line_id, line.item_id, price, bare, (-price, *alike), (-bare, *alike), places)


def _given(discount_id: str, promotion: Promotion, takes: Sequence[_Take], amount: int) -> GivenDiscount:
    parts = allocate(amount, [take.amount_minor for take in takes])
    borne = [(take.line_id, part) for take, part in zip(takes, parts, strict=True) if part]
    return GivenDiscount(
        discount_id=discount_id,
        name=promotion.name,
        scope="promotion",
        amount_minor=amount,
        line_ids=tuple([line_id for line_id, _ in borne]),
        rule_id=promotion.id,
        parts_minor=tuple([part for _, part in borne]),
    )


# --- the kinds -------------------------------------------------------------------------------------

_Found = tuple[Sequence[_Take], int]


def _buy_get(rule: Rule, units: Sequence[_Units]) -> _Found:
    """For every `buy` units the next `get` are off by the rate.

    Decided here: units are counted from the dearest down, so that in each group of `buy + get` the cheapest are off. Whoever
    adds a unit never pays more for it than its price, nor less than nothing; counted from the cheapest up, a small pizza more
    could cost a guest the large one that was free.
    """
    buy, group = rule.promotion.buy, rule.promotion.buy + rule.promotion.get

    def off_before(count: int) -> int:
        return count // group * (group - buy) + max(0, count % group - buy)

    count = sum(each.left for each in units)
    used = count - count % group if count % group <= buy else count  # who has bought and got nothing yet is free for the next rule
    takes: list[_Take] = []
    seen = off = 0
    for each in _dearest_first(units):
        taken = min(each.left, used - seen)
        each.left -= taken
        seen += taken
        if (now := off_before(seen)) > off:
            takes.append(_Take(each.offer.line_id, (now - off) * each.offer.price))
            off = now
    return takes, _off(takes, rule.promotion.rate)


def _happy_hour(rule: Rule, units: Sequence[_Units]) -> _Found:
    """What was added while one of its dayparts was in force is off by the rate: rounded once, over all of it."""
    takes: list[_Take] = []
    for each in _dearest_first(units):
        takes.append(_Take(each.offer.line_id, each.left * each.offer.price))
        each.left = 0
    return takes, _off(takes, rule.promotion.rate)


def _bundle(rule: Rule, units: Sequence[_Units]) -> _Found:
    """One unit of each named item (two of one that is named twice) together cost the amount, as often as that saves something.

    Decided here: the dearest units come first; modifiers are paid on top, as in a combo.
    """
    needs = {item_id: rule.promotion.item_ids.count(item_id) for item_id in rule.promotion.item_ids}
    shelves = {item_id: _by_value(units, item_id) for item_id in needs}
    takes: dict[str, int] = {}
    saved = 0
    while needs:
        picked = [pick for item_id, need in needs.items() for pick in _pick(shelves[item_id], need)]
        if sum(count for _, count in picked) < len(rule.promotion.item_ids):
            break
        value = sum(each.offer.bare * count for each, count in picked)
        if value <= rule.promotion.amount_minor:
            break
        times = min(each.left // count for each, count in picked)
        for each, count in picked:
            each.left -= count * times
            takes[each.offer.line_id] = takes.get(each.offer.line_id, 0) + each.offer.bare * count * times
        saved += (value - rule.promotion.amount_minor) * times
    return [_Take(line_id, amount) for line_id, amount in takes.items()], saved


def _by_value(units: Sequence[_Units], item_id: str) -> list[_Units]:
    return sorted([each for each in units if each.offer.item_id == item_id], key=lambda each: each.offer.by_bare)


def _pick(shelf: Sequence[_Units], need: int) -> list[tuple[_Units, int]]:
    """Of which lines the next `need` units come, and how many of each; fewer where there are no more."""
    picked: list[tuple[_Units, int]] = []
    for each in shelf:
        if not need:
            break
        if each.left:
            picked.append((each, min(each.left, need)))
            need -= picked[-1][1]
    return picked


def _dearest_first(units: Sequence[_Units]) -> list[_Units]:
    return sorted(units, key=lambda each: each.offer.by_price)


def _off(takes: Sequence[_Take], rate: str) -> int:
    whole = sum(take.amount_minor for take in takes)
    return min(whole, rate_of(whole, rate)) if whole else 0


_KINDS: dict[str, Callable[[Rule, Sequence[_Units]], _Found]] = {
    "buy_get": _buy_get,
    "happy_hour": _happy_hour,
    "bundle": _bundle,
}
