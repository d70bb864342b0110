"""What of a closed check is still there to be given back, and what units of a line, or an amount, give back of it.

What lives here: pure arithmetic over the sums of the last closing and the refunds since. Approval, tenders and events are not
known here. Amounts are minor units.

The rules (golden rule 8, and decided here):

- Everything of a check stands on its lines: the net of each with its taxes, and of the service charges what falls to the line, by
  largest remainder over the lines' prices (a charge's tax over the lines that bear that tax).
- **Units** of a line give back its price and each of its taxes by cumulative rounding, each by itself, so that unit by unit
  everything returns to nothing, and half of two soups at 6.50 is 6.50. What of the price is no inclusive tax is net. A weighed
  line and a share of a line are one unit.
- An **amount** is allocated over what is left of the net and of each tax by largest remainder, and each part of it over the
  lines by what is left of it there. Units of a line that come after it give back of what the amount left of the line.
- What a tax was raised on, and what exempt guests did not owe of it, go back in the same proportions, and what rounding has
  left of them goes with the last of the money.

So in whatever portions everything is given back, the net and every tax are nothing in the end, and never below.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import add, sub

import msgspec

from shared.domain.arithmetic.rates import round_ratio
from shared.domain.arithmetic.types import Sums, Tax
from shared.domain.check.reckoning import sums_of
from shared.domain.check.state import Check, Line, Refund, RefundedTax
from shared.domain.money import allocate

__all__ = ["Left", "left_of", "units_of"]

_NET = 0
_TAX, _BASE, _RELIEVED = 1, 2, 3  # of the first tax; each further one has the next three columns
_PER_TAX = 3


class Left(msgspec.Struct, kw_only=True):
    """What is left of a check, by line and column: the net, then of each tax what is owed, its base and what is relieved.

    `units` is what units of the line gave back, by column, and `refunded` how many of them did; `total_minor` is all that is left.
    """

    taxes: tuple[Tax, ...]
    rows: dict[str, list[int]]
    units: dict[str, list[int]]
    total_minor: int
    refunded: dict[str, int] = {}

    def of_line(self, line_id: str) -> int:
        """What is left of a line, all its taxes within."""
        return self.total_of(self.rows[line_id])

    def give_units(self, asked: Mapping[str, tuple[int, int]]) -> tuple[dict[str, int], list[int]]:
        """What the next units give back, by line (its units, and how many of them) and in all by column.

        Raises ValueError for more units than there are.
        """
        parts = {line_id: self._give_units(line_id, units, count) for line_id, (units, count) in asked.items()}
        whole = [sum(column) for column in zip(*parts.values(), strict=True)]
        return {line_id: self.total_of(part) for line_id, part in parts.items()}, self._with_the_last(whole)

    def _give_units(self, line_id: str, units: int, count: int) -> list[int]:
        before = self.refunded.get(line_id, 0)
        if count < 1 or before + count > units:
            raise ValueError(f"{count} units of line {line_id} cannot be refunded: {before} of {units} were")
        given, left = self.units[line_id], self.rows[line_id]

        def cumulated(gave: int, rest: int) -> int:
            return max(0, round_ratio((gave + rest) * (before + count), units) - gave)

        part = [cumulated(gave, rest) for gave, rest in zip(given, left, strict=True)]
        priced = [_NET, *self._inclusive]
        price = cumulated(sum(given[column] for column in priced), sum(left[column] for column in priced))
        self._share_price(part, price, left)
        self.units[line_id] = list(map(add, given, part))
        self.rows[line_id] = list(map(sub, left, part))
        self.refunded[line_id] = before + count
        return part

    @property
    def _inclusive(self) -> list[int]:
        """The columns of what is owed of taxes that are in the price."""
        return [_PER_TAX * place + _TAX for place, tax in enumerate(self.taxes) if tax.inclusive]

    def _share_price(self, part: list[int], price: int, left: Sequence[int]) -> None:
        """What of the price is no inclusive tax is net. Where a few cents of many taxes round against one another, the taxes give
        way: no column ever gives back less than nothing, or more than is left of it."""
        for column in self._inclusive:
            part[column] = min(part[column], left[column])
        part[_NET] = price - sum(part[column] for column in self._inclusive)
        for column in self._inclusive:
            moved = max(part[_NET] - left[_NET], 0) or min(part[_NET], 0)
            moved = max(-part[column], min(moved, left[column] - part[column]))
            part[column] += moved
            part[_NET] -= moved

    def give_amount(self, amount_minor: int) -> list[int]:
        """So much of everything that is left, by column. Raises ValueError for more than there is."""
        columns = list(zip(*self.rows.values(), strict=True))
        left = [sum(column) for column in columns]
        whole = self.total_minor
        if not 0 < amount_minor <= whole:
            raise ValueError(f"{amount_minor} cannot be refunded: {whole} is left")
        money = [_NET, *range(_TAX, len(left), _PER_TAX)]
        part = [round_ratio(each * amount_minor, whole) for each in left]
        for column, share in zip(money, allocate(amount_minor, [left[column] for column in money]), strict=True):
            part[column] = share
        shares = [allocate(share, column) if share else [0] * len(column) for share, column in zip(part, columns, strict=True)]
        for (line_id, row), given in zip(self.rows.items(), zip(*shares, strict=True), strict=True):
            self.rows[line_id] = list(map(sub, row, given))
        return self._with_the_last(part)

    def _with_the_last(self, part: list[int]) -> list[int]:
        """The part; with the last of the money goes what rounding has left of bases and of what was relieved."""
        self.total_minor -= self.total_of(part)
        if not self.total_minor:
            for line_id, rest in self.rows.items():
                part = list(map(add, part, rest))
                self.rows[line_id] = [0] * len(rest)
        return part

    def refund_taxes(self, part: Sequence[int]) -> tuple[RefundedTax, ...]:
        """The taxes of a part given back, by column; those of which nothing is."""
        found: list[RefundedTax] = []
        for place, tax in enumerate(self.taxes):
            at = _PER_TAX * place
            owed, base, relieved = part[at + _TAX], part[at + _BASE], part[at + _RELIEVED]
            if owed or base or relieved:
                found.append(RefundedTax(tax=tax, tax_minor=owed, base_minor=base, relieved_minor=relieved))
        return tuple(found)

    def total_of(self, part: Sequence[int]) -> int:
        """What a part comes to: its net and all that is owed of taxes."""
        return part[_NET] + sum(part[_TAX::_PER_TAX])


def units_of(line: Line) -> int:
    """How many units of a line can be given back: a weighed line and a share of a line are one."""
    return 1 if line.weight or line.share is not None else line.quantity


def left_of(check: Check) -> Left:
    """What is left of a closed check after its refunds. Raises ValueError for refunds that its sums cannot bear."""
    sums = sums_of(check)
    rows = _rows(sums)
    left = Left(
        taxes=tuple(group.tax for group in sums.taxes),
        rows=rows,
        units={line_id: [0] * len(row) for line_id, row in rows.items()},
        total_minor=sums.total_minor,
    )
    units = {line.line_id: units_of(line) for line in check.lines}
    for refund in check.refunds:
        _give_again(left, refund, units)
    return left


def _give_again(left: Left, refund: Refund, units: dict[str, int]) -> None:
    if refund.correction:  # it was of what the check no longer comes to
        return
    if refund.lines:
        left.give_units({line.line_id: (units[line.line_id], line.units) for line in refund.lines})
    elif amount := min(refund.total_minor, left.total_minor):  # less is left than was given if a release rounded otherwise
        left.give_amount(amount)


def _rows(sums: Sums) -> dict[str, list[int]]:
    """By line what it bears of everything, service charges within. A check of charges alone has one row without a line."""
    places = {group.tax: _PER_TAX * place for place, group in enumerate(sums.taxes)}
    width = 1 + _PER_TAX * len(sums.taxes)
    rows: dict[str, list[int]] = {}
    bearing: dict[Tax, list[str]] = {tax: [] for tax in places}
    for line in sums.lines:
        row = [0] * width
        row[_NET] = line.net_minor
        for share in line.taxes:
            at = places[share.tax]
            bearing[share.tax].append(line.line_id)
            on = sum(other.tax_minor for other in line.taxes if other.tax.id in share.tax.on)
            row[at + _TAX], row[at + _BASE], row[at + _RELIEVED] = share.tax_minor, line.net_minor + on, share.relieved_minor
        rows[line.line_id] = row
    rows = rows or {"": [0] * width}
    prices = {line.line_id: line.price_minor for line in sums.lines} or {"": 0}
    _put_rest(rows, _NET, sums.net_minor + sums.service_net_minor, rows, prices)
    for group in sums.taxes:
        at, own = places[group.tax], bearing[group.tax]
        own = own if any(prices[line_id] for line_id in own) else list(rows)
        _put_rest(rows, at + _TAX, group.tax_minor, own, prices)
        _put_rest(rows, at + _BASE, group.base_minor, own, prices)
        _put_rest(rows, at + _RELIEVED, group.relieved_minor, own, prices)
    return rows


def _put_rest(rows: dict[str, list[int]], column: int, whole: int, line_ids: Iterable[str], prices: dict[str, int]) -> None:
    """What the lines do not bear by themselves of a column comes from the service charges: share it out by their prices."""
    ids = list(line_ids)
    rest = whole - sum(row[column] for row in rows.values())
    for line_id, part in zip(ids, allocate(rest, [prices[each] for each in ids]) if rest else [0] * len(ids), strict=True):
        rows[line_id][column] += part
