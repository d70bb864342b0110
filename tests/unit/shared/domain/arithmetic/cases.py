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
        count = {"order": 0, "item": 1}.get(scope) if scope in {"order", "item"} else draw(st.integers(1, len(ids)))
        rate, amount = (draw(rates), 0) if draw(st.booleans()) else ("", draw(st.integers(1, 5_000)))
        given.append(Discount(id=f"off {place}", scope=scope, rate=rate, amount_minor=amount, line_ids=tuple(named[:count])))
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


def dealt(amount: int, weights: list[int]) -> list[int]:
    """Largest remainder, one cent at a time to whoever lacks most; the earliest of equals."""
    whole = sum(weights)
    exact = [Fraction(amount * weight, whole) if whole else Fraction(amount, len(weights)) for weight in weights]
    parts = [floor(share) for share in exact]
    while sum(parts) < amount:
        lacking = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[lacking.index(max(lacking))] += 1
    return parts


def slowly(given: list[Line], off: list[Discount], service: list[ServiceCharge]) -> dict[str, int]:
    """What a check comes to whose lines all bear the same taxes, none of them compound, so that no tie decides anything."""
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
        amount = min(most, nearest(most * number(discount.rate)) if discount.rate else discount.amount_minor)
        for id, part in zip(named, dealt(amount, [left[id] for id in named]) if named else [], strict=True):
            left[id] -= part
        comped += amount if discount.scope == "comp" else 0
    prices = [left[line.id] for line in live]
    whole = sum(prices)
    raised = [(nearest(whole * number(c.rate)) if c.rate else c.amount_minor, c.taxable) for c in service]
    taxes = live[0].taxes if live else ()
    bearing = [*prices, *(amount for amount, taxable in raised if taxable and live)]
    divisor = 1 + sum((number(tax.rate) for tax in taxes if tax.inclusive), Fraction(0))
    included = [(tax, number(tax.rate) / divisor) for tax in taxes if tax.inclusive]
    inside = sum(nearest(sum(bearing) * share, tax.rounding) for tax, share in included)
    net = sum(bearing) - inside
    on_top = sum(nearest(net * number(tax.rate), tax.rounding) for tax in taxes if not tax.inclusive)
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
