"""Files of orders as tests write them: a header, rows, and the terms they are read against."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from edge.replay.codes import RowRejectedError
from edge.replay.orders import Order, RejectedRow, Seen, orders, survey
from edge.replay.rows import Row, Terms, parse_row, read_header, records

__all__ = ["HEADER", "TERMS", "play_through", "rejection", "row", "row_of"]

HEADER = "order_id,ordered_at,item,quantity,unit_price,modifiers"
TERMS = Terms("EUR", ZoneInfo("Europe/Berlin"), date(2026, 3, 3))
NOON = datetime(2026, 3, 2, 12, 0)


def row(ordinal: int = 1, item: str = "Soup", **fields: object) -> Row:
    """A good row of an order."""
    base: dict[str, object] = {
        "number": ordinal + 1, "ordinal": ordinal, "order_id": "1", "ordered_at": NOON, "item": item, "quantity": 1, "unit_price_minor": 650,
    }  # fmt: skip
    return Row(**(base | fields))  # type: ignore[arg-type] - as the test says


def row_of(line: str, header: str = HEADER) -> Row:
    """The row of one line of CSV below a header."""
    head, record = list(records([header + "\n", line + "\n"]))
    return parse_row(record, 1, read_header(head), TERMS)


def rejection(line: str, header: str = HEADER) -> str:
    """The code with which the line is rejected; fails for a good row."""
    try:
        found = row_of(line, header)
    except RowRejectedError as error:
        assert error.reason.endswith("."), f"{error.reason!r} is no sentence"
        return error.code
    raise AssertionError(f"not rejected: {found}")


def play_through(
    *lines: str, header: str = HEADER, between: Callable[[], None] = lambda: None
) -> tuple[Seen, list[Order], list[RejectedRow]]:
    """Both passes over a file: what was seen, the orders, the rejected rows."""
    text = [f"{line}\n" for line in (header, *lines)]
    first = records(text)
    head = read_header(next(first))
    seen = survey(first, head, TERMS, lambda _: None)
    between()
    rejected: list[RejectedRow] = []
    second = records(text)
    next(second)
    return seen, list(orders(second, head, TERMS, seen.orders, rejected.append)), rejected
