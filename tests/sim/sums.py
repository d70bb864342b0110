"""The auditor's own arithmetic: what lines, discounts, charges and taxes come to, with exact fractions.

What lives here: golden/ORDER_MATH.md told a second time, slowly and plainly, on the JSON of events. It imports nothing of the product,
so that no mistake is made twice. A tax that rounds on every line is not known here; no simulated menu has one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

__all__ = ["Sum", "SumLine", "half_up", "rate", "reckon", "rounded", "share_out"]


def rate(text: str) -> Fraction:
    """`"8.875%"`, `"71/800"` or `"0.08875"`."""
    number = Fraction(text.removesuffix("%").strip())
    return number / 100 if text.endswith("%") else number


def half_up(value: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def rounded(value: Fraction, rule: str) -> int:
    """`value` (not negative) by the rule of a tax."""
    below = value.numerator // value.denominator
    if rule == "down" or value == below:
        return below
    if rule == "up":
        return below + 1
    if rule == "half_even":
        return round(value)
    return half_up(value)


def share_out(amount: int, weights: Sequence[int], order: Sequence[int] | None = None) -> list[int]:
    """`amount` by largest remainder; ties go to the earliest, or by `order`. Evenly where all weights are nothing."""
    if not weights:
        assert amount == 0, f"{amount} for nobody"
        return []
    if not any(weights):
        weights = [1] * len(weights)
    exact = [Fraction(abs(amount) * weight, sum(weights)) for weight in weights]
    parts = [int(each) for each in exact]
    first = list(order) if order is not None else list(range(len(weights)))
    first.sort(key=lambda place: parts[place] - exact[place])  # the largest remainder first; sorting keeps the order of equals
    for place in first[: abs(amount) - sum(parts)]:
        parts[place] += 1
    return parts if amount >= 0 else [-part for part in parts]


@dataclass
class SumLine:
    """A line at menu price with its taxes as events tell them."""

    id: str
    amount: int
    taxes: list[dict[str, Any]] = field(default_factory=list)
    voided_after_fire: bool = False
    discountable: bool = True

    @property
    def kind(self) -> tuple[Any, ...]:
        """Lines of one kind are taxed alike; the kinds have an order, by which odd cents go among lines that are not."""
        return tuple(sorted(_kind(tax) for tax in self.taxes))


def _kind(tax: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        tax["id"], tax["rate"], tax["inclusive"], tax.get("rounding", "half_up"), tax.get("per_line", False), tuple(tax.get("on", ())),
        tax.get("exempt", False), tax.get("name", ""),
    )  # fmt: skip


@dataclass
class Sum:
    """What a check comes to. `net` holds the service charges without inclusive tax; `prices` is what is left of each line."""

    gross: int = 0
    discount: int = 0
    comp: int = 0
    void: int = 0
    service: int = 0
    net: int = 0
    tax: int = 0
    prices: dict[str, int] = field(default_factory=dict)
    by_tax: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.net + self.tax


def reckon(lines: Iterable[SumLine], discounts: Iterable[Mapping[str, Any]] = (), charges: Iterable[Mapping[str, Any]] = ()) -> Sum:
    """The sums. `discounts` have scope, rate, amount_minor, line_ids, parts_minor; `charges` rate, amount_minor, taxable: as told."""
    lines = list(lines)
    sold = [line for line in lines if not line.voided_after_fire]
    left = {line.id: line.amount for line in sold}
    off = {"comp": 0, "": 0}
    for discount in _in_order(discounts):
        off["comp" if discount["scope"] == "comp" else ""] += _take_off(discount, sold, left)
    prices = [left[line.id] for line in sold]
    kinds = [line.kind for line in sold]
    taxes = [line.taxes for line in sold]
    service = 0
    for charge in charges:
        for kind, tax_list, part in _charge(charge, sold, prices[: len(sold)]):
            service += part
            prices.append(part)
            kinds.append(kind)
            taxes.append(tax_list)
    by_tax, inside = _taxes(prices, kinds, taxes)
    return Sum(
        gross=sum(line.amount for line in sold),
        discount=off[""],
        comp=off["comp"],
        void=sum(line.amount for line in lines if line.voided_after_fire),
        service=service,
        net=sum(prices) - inside,
        tax=sum(by_tax.values()),
        prices=left,
        by_tax=by_tax,
    )


def _in_order(discounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    stages = ["promotion", "item rate", "item", "comp", "order rate", "order"]

    def stage(discount: Mapping[str, Any]) -> int:
        name = discount["scope"]
        return stages.index(name if name in ("promotion", "comp") or not discount.get("rate") else f"{name} rate")

    return sorted(discounts, key=stage)


def _take_off(discount: Mapping[str, Any], sold: Sequence[SumLine], left: dict[str, int]) -> int:
    """Take a discount off what is left of its lines, a percentage of an item off each for itself; how much came off."""
    if discount["scope"] == "order":
        order = {kind: place for place, kind in enumerate(sorted({line.kind for line in sold}))}
        at = [line for line in sold if line.discountable]
        ids = [line.id for line in at]
        ties = sorted(range(len(at)), key=lambda place: order[at[place].kind])
    else:
        ids, ties = [id for id in discount["line_ids"] if id in left], None
    if parts := discount.get("parts_minor"):
        taken = {id: min(part, left[id]) for id, part in zip(discount["line_ids"], parts, strict=True) if id in left}
        left.update({id: left[id] - part for id, part in taken.items()})
        return sum(taken.values())
    if discount["scope"] == "item" and discount.get("rate"):
        return sum(_off(discount, [id], left, None) for id in ids)
    return _off(discount, ids, left, ties)


def _off(discount: Mapping[str, Any], ids: Sequence[str], left: dict[str, int], ties: Sequence[int] | None) -> int:
    weights = [left[id] for id in ids]
    asked = half_up(sum(weights) * rate(discount["rate"])) if discount.get("rate") else discount["amount_minor"]
    amount = min(asked, sum(weights))
    for id, part in zip(ids, share_out(amount, weights, ties) if amount else [0] * len(ids), strict=True):
        left[id] -= part
    return amount


def _charge(
    charge: Mapping[str, Any], sold: Sequence[SumLine], prices: Sequence[int]
) -> list[tuple[tuple[Any, ...], list[dict[str, Any]], int]]:
    """(kind, taxes, amount) of each part of a service charge."""
    amount = half_up(sum(prices) * rate(charge["rate"])) if charge.get("rate") else charge["amount_minor"]
    if not charge.get("taxable"):
        return [((), [], amount)] if amount else []
    nets: dict[tuple[Any, ...], int] = {}
    taxes = {line.kind: line.taxes for line in sold}
    for line, price in zip(sold, prices, strict=True):
        nets[line.kind] = nets.get(line.kind, 0) + price
    kinds = sorted(nets)
    if not kinds:
        return [((), [], amount)] if amount else []
    parts = share_out(amount, [nets[kind] for kind in kinds])
    return [(kind, taxes[kind], part) for kind, part in zip(kinds, parts, strict=True) if part]


def _taxes(
    prices: Sequence[int], kinds: Sequence[tuple[Any, ...]], taxes: Sequence[list[dict[str, Any]]]
) -> tuple[dict[tuple[str, str, bool], int], int]:
    """(tax by (id, rate, inclusive) without what is exempt, all that was taken out of prices)."""
    ranks = {kind: place for place, kind in enumerate(sorted(set(kinds)))}
    ties = sorted(range(len(prices)), key=lambda place: ranks[kinds[place]])
    nets = list(prices)
    parts: dict[tuple[Any, ...], list[int]] = {}
    known: dict[tuple[Any, ...], dict[str, Any]] = {_kind(tax): tax for each in taxes for tax in each}
    for within in sorted({tuple(sorted(_kind(tax) for tax in each if tax["inclusive"])) for each in taxes} - {()}):
        places = [place for place, each in enumerate(taxes) if tuple(sorted(_kind(tax) for tax in each if tax["inclusive"])) == within]
        rates = _rates_on_net([known[kind] for kind in within])
        divisor = 1 + sum(rates.values())
        room = {place: nets[place] for place in places}
        for kind in _bases_first(within, known):
            exact = Fraction(sum(nets[place] for place in places)) * rates[kind[0]] / divisor
            amount = min(rounded(exact, known[kind].get("rounding", "half_up")), sum(room.values()))
            weights = [room.get(place, 0) for place in range(len(prices))]
            for place, part in enumerate(share_out(amount, weights, ties)):
                parts.setdefault(kind, [0] * len(prices))[place] += part
                if place in room:
                    room[place] -= part
        for place in places:
            nets[place] = room[place]
    inside = sum(sum(each) for each in parts.values())
    for kind in _bases_first([kind for kind in known if not kind[2]], known):
        bears = [place for place, each in enumerate(taxes) if kind in [_kind(tax) for tax in each]]
        base = [nets[place] if place in bears else 0 for place in range(len(prices))]
        for other, given in list(parts.items()):
            if other[0] in known[kind].get("on", ()) and not known[other].get("exempt"):
                base = [b + given[place] if place in bears else 0 for place, b in enumerate(base)]
        amount = rounded(sum(base) * rate(known[kind]["rate"]), known[kind].get("rounding", "half_up"))
        parts[kind] = share_out(amount, base, ties)
    by_tax: dict[tuple[str, str, bool], int] = {}
    for kind, given in parts.items():
        if not known[kind].get("exempt"):
            by_tax[kind[0], kind[1], kind[2]] = by_tax.get((kind[0], kind[1], kind[2]), 0) + sum(given)
    return by_tax, inside


def _rates_on_net(taxes: Sequence[Mapping[str, Any]]) -> dict[str, Fraction]:
    """The rate of each on the net, where some are raised on others."""
    found: dict[str, Fraction] = {}
    waiting = list(taxes)
    while waiting:
        ready = [tax for tax in waiting if not {other["id"] for other in waiting if other is not tax} & set(tax.get("on", ()))]
        assert ready, "taxes are raised on one another"
        for tax in ready:
            found[tax["id"]] = rate(tax["rate"]) * (1 + sum((found[id] for id in tax.get("on", ()) if id in found), Fraction(0)))
        waiting = [tax for tax in waiting if tax not in ready]
    return found


def _bases_first(kinds: Iterable[tuple[Any, ...]], known: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    waiting = sorted(kinds)
    ordered: list[tuple[Any, ...]] = []
    while waiting:
        ids = {kind[0] for kind in waiting}
        ready = [kind for kind in waiting if not ids & set(known[kind].get("on", ()))]
        assert ready, "taxes are raised on one another"
        ordered += ready
        waiting = [kind for kind in waiting if kind not in ready]
    return ordered
