"""What checks add to the books of a business date: sales, tenders and taxes.

What lives here: pure functions from a check to what is booked on which date, and the day's book that evolution keeps of it. The
edge's report and the hub's read models are made of this alone, so that both agree to the cent (Law 8). Commands are not known here.

A closing books on its date what differs from the closing before it; a payment, a tip and a refund book on the day they were
taken, adjusted or given (DESIGN.md, Business day). So what is booked on a date never changes once the date is over. Training
checks book nothing, nor does a merged one: what stood on it counts where it stands now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.arithmetic.types import Tax
from shared.domain.check.reckoning import figures_of
from shared.domain.check.state import CHECK, Check, CheckStatus, Closing
from shared.domain.kernel import Aggregate, Feature, Key, View

__all__ = [
    "DAY", "FEATURE", "NO_SALES", "DayBook", "Sales", "TaxSum", "TenderSum", "booked", "closings_of", "keep_books", "sales_of", "tax_key",
    "tax_of_key",
]  # fmt: skip

DAY = "day"


class _Sums(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Integers that add up field by field."""

    def plus(self, other: "_Sums", sign: int = 1) -> dict[str, int]:
        mine = msgspec.structs.asdict(self)
        theirs = msgspec.structs.asdict(other)
        return {name: value + sign * theirs[name] for name, value in mine.items() if isinstance(value, int) and not isinstance(value, bool)}


class Sales(_Sums, frozen=True, gc=False, kw_only=True):
    """Closed checks (`orders`), their lines, and minor units. `gross` is at menu price; `net` (service charges within) and `tax`
    are what is left after discounts, comps and refunds; `refund` is what was given back, tax within; `void` was never sold."""

    orders: int = 0
    lines: int = 0
    gross_minor: int = 0
    net_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    comp_minor: int = 0
    void_minor: int = 0
    service_minor: int = 0
    refund_minor: int = 0
    covers: int = 0

    def __add__(self, other: "Sales") -> "Sales":
        return Sales(**self.plus(other))

    def __sub__(self, other: "Sales") -> "Sales":
        return Sales(**self.plus(other, -1))


NO_SALES = Sales()


class TenderSum(_Sums, frozen=True, gc=False, kw_only=True):
    """What one tender took. `count` payments; `amount` settled checks, `refund` was given back to it (what a reopened check was
    overpaid by within), `rounding` is that of cash in and out."""

    count: int = 0
    amount_minor: int = 0
    rounding_minor: int = 0
    tip_minor: int = 0
    refund_minor: int = 0

    @property
    def expected_minor(self) -> int:
        """What these sums leave in the drawer, or on the terminal."""
        return self.amount_minor + self.rounding_minor + self.tip_minor - self.refund_minor

    def __add__(self, other: "TenderSum") -> "TenderSum":
        return TenderSum(**self.plus(other))

    def __sub__(self, other: "TenderSum") -> "TenderSum":
        return TenderSum(**self.plus(other, -1))


class TaxSum(_Sums, frozen=True, gc=False, kw_only=True):
    """One tax: what it was raised on, what it came to, what exempt guests did not owe; refunds are taken off base and tax."""

    base_minor: int = 0
    tax_minor: int = 0
    relieved_minor: int = 0

    def __add__(self, other: "TaxSum") -> "TaxSum":
        return TaxSum(**self.plus(other))

    def __sub__(self, other: "TaxSum") -> "TaxSum":
        return TaxSum(**self.plus(other, -1))


class DayBook(Aggregate, frozen=True):
    """The books of one business date and currency. `taxes` is keyed by "id|rate|inclusive or exclusive"."""

    business_date: str
    currency: str
    sales: Sales = NO_SALES
    tenders: dict[str, TenderSum] = msgspec.field(default_factory=dict[str, TenderSum])
    taxes: dict[str, TaxSum] = msgspec.field(default_factory=dict[str, TaxSum])

    def plus(self, other: "DayBook", sign: int = 1) -> "DayBook":
        """The book with another added, or taken off."""
        tenders, taxes = dict(self.tenders), dict(self.taxes)
        for name, tender in other.tenders.items():
            before = tenders.get(name, TenderSum())
            tenders[name] = before + tender if sign > 0 else before - tender
        for key, tax in other.taxes.items():
            known = taxes.get(key, TaxSum())
            taxes[key] = known + tax if sign > 0 else known - tax
        sales = self.sales + other.sales if sign > 0 else self.sales - other.sales
        return msgspec.structs.replace(
            self,
            sales=sales,
            tenders={name: tender for name, tender in tenders.items() if tender != TenderSum()},
            taxes={key: tax for key, tax in taxes.items() if tax != TaxSum()},
        )

    @property
    def is_empty(self) -> bool:
        return self.sales == NO_SALES and not self.tenders and not self.taxes


def tax_key(tax: Tax) -> str:
    """How a tax is named in the books."""
    return f"{tax.id}|{tax.rate}|{'inclusive' if tax.inclusive else 'exclusive'}"


def tax_of_key(key: str) -> tuple[str, str, bool]:
    """(id, rate, whether it is in the price) of a tax as the books name it."""
    tax_id, rate, kind = key.rsplit("|", 2)
    return tax_id, rate, kind == "inclusive"


def booked(check: Check | None) -> dict[str, DayBook]:
    """What a check books, by business date; dates on which it books nothing are left out."""
    if check is None or check.training:
        return {}
    books: dict[str, DayBook] = {}

    def add(date: str, book: DayBook) -> None:
        books[date] = books[date].plus(book) if date in books else book

    for date, book in [*_sold(check), *_tendered(check), *_refunded(check)]:
        add(date, book)
    return {date: book for date, book in books.items() if not book.is_empty}


def _without_nothing(taxes: Mapping[str, TaxSum]) -> dict[str, TaxSum]:
    """The taxes without those of which nothing is booked."""
    return {key: tax for key, tax in taxes.items() if tax != TaxSum()}


def _book(check: Check, date: str, **fields: object) -> tuple[str, DayBook]:
    return date, DayBook(business_date=date, currency=check.currency, **fields)  # type: ignore[arg-type]


def closings_of(check: Check) -> tuple[Closing, ...]:
    """The closings of a check, also where a release that kept none left a closed check behind."""
    if check.status is not CheckStatus.CLOSED or check.closings:
        return check.closings
    assert check.closed_at is not None
    return (Closing(date=check.business_date, at=check.closed_at, figures=figures_of(check), epoch=check.epoch, covers=check.covers),)


def _sold(check: Check) -> Iterable[tuple[str, DayBook]]:
    before: Closing | None = None
    for closing in closings_of(check):
        sales, taxes = _of_closing(closing)
        if before is None:
            sales = sales + Sales(orders=1)
        else:
            sales_before, taxes_before = _of_closing(before)
            sales = sales - sales_before
            taxes = {key: taxes.get(key, TaxSum()) - taxes_before.get(key, TaxSum()) for key in taxes | taxes_before}
        before = closing
        yield _book(check, closing.date, sales=sales, taxes=_without_nothing(taxes))


def _of_closing(closing: Closing) -> tuple[Sales, dict[str, TaxSum]]:
    figures = closing.figures
    sales = Sales(
        covers=closing.covers,
        lines=figures.lines,
        gross_minor=figures.gross_minor,
        net_minor=figures.net_minor,
        tax_minor=figures.tax_minor,
        discount_minor=figures.discount_minor,
        comp_minor=figures.comp_minor,
        void_minor=figures.void_minor,
        service_minor=figures.service_minor,
    )
    taxes: dict[str, TaxSum] = {}
    for group in figures.taxes:
        key = tax_key(group.tax)
        taxes[key] = taxes.get(key, TaxSum()) + TaxSum(
            base_minor=group.base_minor, tax_minor=group.tax_minor, relieved_minor=group.relieved_minor
        )
    return sales, taxes


def _tendered(check: Check) -> Iterable[tuple[str, DayBook]]:
    for payment in check.payments:
        taken = TenderSum(count=1, amount_minor=payment.amount_minor, rounding_minor=payment.rounding_minor)
        yield _book(check, payment.date or check.business_date, tenders={payment.tender: taken})
        for tip in payment.tips:
            yield _book(check, tip.date, tenders={payment.tender: TenderSum(tip_minor=tip.amount_minor)})


def _refunded(check: Check) -> Iterable[tuple[str, DayBook]]:
    for refund in check.refunds:
        tenders: dict[str, TenderSum] = defaultdict(TenderSum)
        for part in refund.tenders:
            tenders[part.tender] += TenderSum(refund_minor=part.amount_minor, rounding_minor=-part.rounding_minor)
        taxes: dict[str, TaxSum] = defaultdict(TaxSum)
        for share in refund.taxes:
            taxes[tax_key(share.tax)] -= TaxSum(base_minor=share.base_minor, tax_minor=share.tax_minor, relieved_minor=share.relieved_minor)
        sales = Sales(
            net_minor=-refund.net_minor,
            tax_minor=-sum(share.tax_minor for share in refund.taxes),
            refund_minor=0 if refund.correction else refund.total_minor,
        )
        yield _book(check, refund.date, sales=sales, tenders=dict(tenders), taxes=_without_nothing(taxes))


def sales_of(check: Check | None) -> Sales:
    """The sales of one check over all dates: nothing until it is closed."""
    return sum((book.sales for book in booked(check).values()), NO_SALES)


def keep_books(view: View, *pairs: tuple[Check | None, Check]) -> Mapping[Key, Aggregate]:
    """The changes by which each (before, after) is put in place and the books of every date are kept."""
    changes: dict[Key, Aggregate] = {}
    for before, after in pairs:
        changes[CHECK, after.check_id] = after
        old, new = booked(before), booked(after)
        for date in old | new:
            if old.get(date) == new.get(date):
                continue
            key = (DAY, f"{date}/{after.currency}")
            known = changes.get(key) or view.find(DayBook, *key)
            book = known if isinstance(known, DayBook) else DayBook(business_date=date, currency=after.currency)
            if date in old:
                book = book.plus(old[date], -1)
            changes[key] = book.plus(new[date]) if date in new else book
    return changes


FEATURE = Feature(name="check.books", aggregates={DAY: DayBook})
