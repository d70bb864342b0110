"""What a check comes to: pure arithmetic over its lines.

What lives here: line amounts, the tax groups of a check and its totals, by golden/ORDER_MATH.md rules 1 and 4. How lines
come to stand on a check is not known here.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

from shared.domain.money import ROUNDING, allocate, parse_rate

__all__ = ["AppliedTax", "TaxGroup", "TaxableLine", "Totals", "line_amount", "totals"]


class AppliedTax(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tax as it stood when the line was added (golden rule 1)."""

    id: str
    name: str
    rate: str
    inclusive: bool
    rounding: str = "half_up"


class TaxableLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line as arithmetic sees it: an amount in minor units and the taxes on it."""

    amount_minor: int
    taxes: tuple[AppliedTax, ...]


class TaxGroup(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One tax of a check: what it is raised on (without it), and what it comes to, both in minor units."""

    id: str
    name: str
    rate: str
    inclusive: bool
    net_minor: int
    tax_minor: int


class Totals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Minor units. `gross` is the lines at menu price, inclusive tax within; `net` is gross without any tax; `tax` is all tax;
    `total` is what the guest owes: net + tax."""

    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    tax_groups: tuple[TaxGroup, ...]


def line_amount(base_minor: int, modifiers_minor: Iterable[int], quantity: int) -> int:
    """(base + modifiers) x quantity, in minor units (golden rule 1)."""
    return (base_minor + sum(modifiers_minor)) * quantity


def totals(lines: Sequence[TaxableLine]) -> Totals:
    """Totals of a check, one rounding for each tax group (golden rule 4).

    Inclusive taxes of a line are taken out of its group's gross at once: the *tax* is rounded,
    `gross * r / (1 + sum of the inclusive rates)`, and net is what is left. Exclusive taxes are raised on that net,
    which is shared out to lines by largest remainder so that every group's base adds up.
    """
    gross = sum(line.amount_minor for line in lines)
    inclusive_total, nets, groups = _take_out_inclusive(lines)
    exclusive_total = 0
    bases: dict[AppliedTax, int] = {}
    for line, net in zip(lines, nets, strict=True):
        for tax in line.taxes:
            if not tax.inclusive:
                bases[tax] = bases.get(tax, 0) + net
    for tax, base in bases.items():
        amount = ROUNDING[tax.rounding](base * parse_rate(tax.rate))
        exclusive_total += amount
        groups.append(_group(tax, base, amount))
    net_total = gross - inclusive_total
    return Totals(
        gross_minor=gross,
        net_minor=net_total,
        tax_minor=inclusive_total + exclusive_total,
        total_minor=net_total + inclusive_total + exclusive_total,
        tax_groups=tuple(groups),
    )


def _take_out_inclusive(lines: Sequence[TaxableLine]) -> tuple[int, list[int], list[TaxGroup]]:
    """(all inclusive tax, net of each line, tax groups): lines with the same set of inclusive taxes are one group."""
    sets: dict[tuple[AppliedTax, ...], list[int]] = {}
    for index, line in enumerate(lines):
        sets.setdefault(tuple(tax for tax in line.taxes if tax.inclusive), []).append(index)
    nets = [line.amount_minor for line in lines]
    taken: dict[AppliedTax, tuple[int, int]] = {}
    total = 0
    for taxes, indexes in sets.items():
        if not taxes:
            continue
        gross = sum(lines[index].amount_minor for index in indexes)
        divisor = 1 + sum((parse_rate(tax.rate) for tax in taxes), Fraction(0))
        amounts = [ROUNDING[tax.rounding](gross * parse_rate(tax.rate) / divisor) for tax in taxes]
        total += sum(amounts)
        net = gross - sum(amounts)
        for index, share in zip(indexes, allocate(sum(amounts), [abs(lines[i].amount_minor) for i in indexes]), strict=True):
            nets[index] -= share
        for tax, amount in zip(taxes, amounts, strict=True):
            base, before = taken.get(tax, (0, 0))
            taken[tax] = (base + net, before + amount)
    return total, nets, [_group(tax, base, amount) for tax, (base, amount) in taken.items()]


def _group(tax: AppliedTax, net_minor: int, tax_minor: int) -> TaxGroup:
    return TaxGroup(id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive, net_minor=net_minor, tax_minor=tax_minor)
