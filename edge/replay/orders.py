"""From rows to orders: what a file holds, and each order as soon as all its rows have been read.

What lives here: the two passes over a file as pure functions over its records. The first finds what has to be known before anything
is played (how many rows each order has, which items and modifiers occur); the second gives the orders. So the rows of an order
need not be neighbours, and no more is held in memory than orders under way. Menus and the site's API are not known here.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from edge.replay.codes import RowRejectedError
from edge.replay.rows import Header, Record, Row, Terms, order_id_of, parse_row
from shared.limits import CHECK_LINES_MAX, IMPORT_ROWS_MAX, REPLAY_ORDER_SPAN_S
from shared.operator_error import OperatorError

__all__ = ["Order", "RejectedRow", "Seen", "orders", "survey"]


class RejectedRow(msgspec.Struct, frozen=True, gc=False):
    """A row that was not taken: the line it stands on (the header's is 1), a stable code, one sentence on this case."""

    row: int
    code: str
    reason: str


class Order(msgspec.Struct, frozen=True):
    """The good rows of one order, in the file's order; at least one."""

    order_id: str
    rows: tuple[Row, ...]


class Seen(msgspec.Struct):
    """What a file holds: rows by order id (bad ones too), and of its good rows every item with its first price, and every
    modifier of each item with the least surcharge it was sold at. Prices in minor units."""

    rows: int = 0
    orders: dict[str, int] = {}
    items: dict[str, int] = {}
    modifiers: dict[tuple[str, str], int] = {}


def survey(rows: Iterable[Record], header: Header, terms: Terms, progress: Callable[[int], None]) -> Seen:
    """The first pass. Raises OperatorError `replay.too_many_rows`."""
    seen = Seen()
    for record in rows:
        seen.rows += 1
        if seen.rows > IMPORT_ROWS_MAX:
            raise OperatorError(
                "replay.too_many_rows", f"The file has more than {IMPORT_ROWS_MAX} rows.", "Divide it; orders must stay whole."
            )
        order_id = order_id_of(record, header)
        if order_id:
            seen.orders[order_id] = seen.orders.get(order_id, 0) + 1
        progress(seen.rows)
        try:
            row = parse_row(record, 0, header, terms)
        except RowRejectedError:
            continue  # the second pass lists it
        seen.items.setdefault(row.item, row.unit_price_minor)
        for name, extra in row.modifiers:
            key = (row.item, name)
            seen.modifiers[key] = min(extra, seen.modifiers.get(key, extra))
    return seen


class _Pending:
    __slots__ = ("read", "rows")

    def __init__(self) -> None:
        self.read = 0
        self.rows: list[Row] = []


def orders(
    rows: Iterable[Record], header: Header, terms: Terms, counts: dict[str, int], reject: Callable[[RejectedRow], None]
) -> Iterator[Order]:
    """The second pass: every order with a good row, once its last row (by `counts`) has been read. Bad rows go to `reject`."""
    pending: dict[str, _Pending] = {}
    for record in rows:
        order_id = order_id_of(record, header)
        order = pending.setdefault(order_id, _Pending()) if order_id else _Pending()
        order.read += 1
        try:
            order.rows.append(parse_row(record, order.read, header, terms))
        except RowRejectedError as error:
            reject(RejectedRow(record.number, error.code, error.reason))
        if order_id and order.read >= counts.get(order_id, 0):
            yield from _whole(order_id, pending.pop(order_id).rows, reject)
    for order_id, order in pending.items():  # only if the file has changed since the first pass
        yield from _whole(order_id, order.rows, reject)


def _whole(order_id: str, rows: list[Row], reject: Callable[[RejectedRow], None]) -> Iterator[Order]:
    """The order without the rows that cannot belong to it."""
    kept: list[Row] = []
    for row in rows:
        if abs((row.ordered_at - rows[0].ordered_at).total_seconds()) > REPLAY_ORDER_SPAN_S:
            reason = f"Order {order_id!r} is of {rows[0].ordered_at.isoformat()}, this row of {row.ordered_at.isoformat()}."
            reject(RejectedRow(row.number, "order.times_apart", reason))
        elif len(kept) >= CHECK_LINES_MAX:
            reject(RejectedRow(row.number, "order.too_many_lines", f"Order {order_id!r} has more than {CHECK_LINES_MAX} rows."))
        else:
            kept.append(row)
    if kept:
        yield Order(order_id=order_id, rows=tuple(kept))
