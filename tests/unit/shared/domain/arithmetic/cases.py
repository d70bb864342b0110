"""Random checks for the arithmetic's tests, and a second opinion on what they come to.

What lives here: strategies, and `slowly`, which computes a check with Fractions from the written rules and shares no code
with what it judges.
"""

from fractions import Fraction
from math import floor

from hypothesis import strategies as st

from shared.domain.arithmetic.types import Discount, Line, ServiceCharge, Tax

CITY = Tax(id="city", rate="8.875%")
STATE = Tax(id="state", rate="4%", rounding="half_even")
LEVY = Tax(id="levy", rate="9.975%", on=("city", "state"))
CUP = Tax(id="cup", rate="1/3", rounding="up")
EACH = Tax(id="each", rate="7.7%", per_line=True)
FOOD = Tax(id="food", rate="7%", inclusive=True)
DRINK = Tax(id="drink", rate="19%", inclusive=True, rounding="down")
SUGAR = Tax(id="sugar", rate="2.5%", inclusive=True, on=("drink",))
TAXES = (CITY, STATE, LEVY, CUP, EACH, FOOD, DRINK, SUGAR)

amounts = st.one_of(st.integers(0, 30), st.integers(0, 20_000), st.integers(0, 10**9))
rates = st.sampled_from(["0%", "5%", "10%", "12.5%", "1/3", "99%", "100%", "150%"])


def taxes_of(pool: tuple[Tax, ...] = TAXES) -> st.SearchStrategy[tuple[Tax, ...]]:
    return st.lists(st.sampled_from(pool), unique=True, max_size=3).map(tuple)


@st.composite
def lines(draw: st.DrawFn, pool: tuple[Tax, ...] = TAXES, most: int = 8) -> list[Line]:
    sets = draw(st.lists(taxes_of(pool), min_size=1, max_size=3))
    return [
        Line(
            id=f"line {place}",
            amount_minor=draw(amounts),
            taxes=draw(st.sampled_from(sets)),
            seat=draw(st.integers(0, 3)),
            voided=draw(st.integers(0, 9)) == 0,
            discountable=draw(st.integers(0, 5)) > 0,
        )
        for place in range(draw(st.integers(0, most)))
    ]


@st.composite
def discounts(draw: st.DrawFn, ids: list[str]) -> list[Discount]:
    given: list[Discount] = []
    for place in range(draw(st.integers(0, 4))):
        scope = draw(st.sampled_from(["promotion", "item", "comp", "order"] if ids else ["order"]))
        named = draw(st.permutations(ids)) if ids else []
        count = draw(st.integers(1, len(ids))) if scope != "order" else 0
        rate, amount, parts = (draw(rates), 0, ()) if draw(st.booleans()) else ("", draw(st.integers(1, 5_000)), ())
        if not rate and scope == "promotion" and draw(st.booleans()):
            parts = tuple(draw(st.lists(st.integers(0, 3_000), min_size=count, max_size=count).filter(any)))
            amount = sum(parts)
        line_ids = tuple(named[:count])
        given.append(Discount(id=f"off {place}", scope=scope, rate=rate, amount_minor=amount, line_ids=line_ids, parts_minor=parts))
    return given


charges = st.lists(
    st.one_of(
        st.builds(ServiceCharge, id=st.just("rate"), rate=rates, taxable=st.booleans()),
        st.builds(ServiceCharge, id=st.just("fixed"), amount_minor=amounts, taxable=st.booleans()),
    ),
    max_size=2,
)


@st.composite
def checks(draw: st.DrawFn, pool: tuple[Tax, ...] = TAXES, most: int = 8) -> tuple[list[Line], list[Discount], list[ServiceCharge]]:
    given = draw(lines(pool, most))
    return given, draw(discounts([line.id for line in given])), draw(charges)


# --- the second opinion ------------------------------------------------------------------------


def nearest(value: Fraction, rule: str = "half_up") -> int:
    """For values that are not negative."""
    below = floor(value)
    over = value - below
    if rule == "half_even":
        return round(value)
    return below + {"half_up": over >= Fraction(1, 2), "up": over > 0, "down": False}[rule]


def number(rate: str) -> Fraction:
    return Fraction(rate[:-1]) / 100 if rate.endswith("%") else Fraction(rate)


def dealt(amount: int, weights: list[int], ranks: list[tuple[str, ...]] | None = None) -> list[int]:
    """Largest remainder, one cent at a time to whoever lacks most; of equals the first by rank, then the earliest."""
    whole = sum(weights)
    exact = [Fraction(amount * weight, whole) if whole else Fraction(amount, len(weights)) for weight in weights]
    parts = [floor(share) for share in exact]
    while sum(parts) < amount:
        most = max(share - part for share, part in zip(exact, parts, strict=True))
        lacking = [place for place, share in enumerate(exact) if share - parts[place] == most]
        parts[min(lacking, key=lambda place: (ranks[place] if ranks else (), place))] += 1
    return parts


def codes(taxes: tuple[Tax, ...]) -> tuple[str, ...]:
    return tuple(sorted(tax.id for tax in taxes))


def slowly(given: list[Line], off: list[Discount], service: list[ServiceCharge]) -> dict[str, int]:
    """What a check comes to whose lines bear taxes in the price or taxes on top, none compound and none per line."""
    live = [line for line in given if not line.voided]
    left = {line.id: line.amount_minor for line in live}
    comped = 0
    ordered = [d for d in off if d.scope == "promotion"]
    ordered += [d for d in off if d.scope == "item" and d.rate] + [d for d in off if d.scope == "item" and not d.rate]
    ordered += [d for d in off if d.scope == "comp"]
    ordered += [d for d in off if d.scope == "order" and d.rate] + [d for d in off if d.scope == "order" and not d.rate]
    for discount in ordered:
        named = [id for id in discount.line_ids if id in left] if discount.line_ids else [line.id for line in live if line.discountable]
        most = sum(left[id] for id in named)
        ranks = [codes(line.taxes) for line in live if line.id in named] if discount.scope == "order" else None
        if discount.parts_minor:
            meant = dict(zip(discount.line_ids, discount.parts_minor, strict=True))
            parts = [min(meant[id], left[id]) for id in named]
        elif discount.scope == "item" and discount.rate:
            parts = [min(left[id], nearest(left[id] * number(discount.rate))) for id in named]
        else:
            amount = min(most, nearest(most * number(discount.rate)) if discount.rate else discount.amount_minor)
            parts = dealt(amount, [left[id] for id in named], ranks) if named else []
        amount = sum(parts)
        for id, part in zip(named, parts, strict=True):
            left[id] -= part
        comped += amount if discount.scope == "comp" else 0
    prices = [left[line.id] for line in live]
    whole = sum(prices)
    raised = [(nearest(whole * number(c.rate)) if c.rate else c.amount_minor, c.taxable) for c in service]
    groups = {codes(line.taxes): line.taxes for line in live}
    nets = {code: sum(left[line.id] for line in live if codes(line.taxes) == code) for code in sorted(groups)}
    bearing = dict(nets)
    for amount, taxable in raised:
        if taxable and nets:
            for code, part in zip(nets, dealt(amount, list(nets.values())), strict=True):
                bearing[code] += part
    inside, on_top = 0, 0
    for code, taxes in groups.items():
        divisor = 1 + sum((number(tax.rate) for tax in taxes if tax.inclusive), Fraction(0))
        inside += sum(nearest(bearing[code] * number(tax.rate) / divisor, tax.rounding) for tax in taxes if tax.inclusive)
    for tax in {tax for taxes in groups.values() for tax in taxes if not tax.inclusive}:
        base = sum(amount for code, amount in bearing.items() if tax.id in code)
        on_top += nearest(base * number(tax.rate), tax.rounding)
    service_minor = sum(amount for amount, _ in raised)
    return {
        "gross": sum(line.amount_minor for line in live),
        "void": sum(line.amount_minor for line in given if line.voided),
        "comp": comped,
        "discount": sum(line.amount_minor for line in live) - whole - comped,
        "service": service_minor,
        "tax": inside + on_top,
        "total": whole + service_minor + on_top,
    }
