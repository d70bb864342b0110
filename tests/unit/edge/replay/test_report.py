"""What a replay says while it runs and at its end."""

import io

from edge.replay.orders import RejectedRow
from edge.replay.report import Progress, Report, summary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_terminal_sees_one_line_that_is_rewritten_and_then_taken_away() -> None:
    screen, clock = Terminal(), Clock()
    progress = Progress(screen, clock)
    progress.tell("played", 1_000, 5_343, "orders")
    progress.tell("played", 1_001, 5_343, "orders")
    clock.now_s += 1
    progress.tell("read", 9, 0, "rows")
    progress.end()
    first = "played 1000 of 5343 orders"
    assert screen.getvalue() == f"\r{first}\r{'read 9 rows'.ljust(len(first))}\r           \r"


def test_a_log_gets_a_line_every_few_seconds() -> None:
    log, clock = io.StringIO(), Clock()
    progress = Progress(log, clock)
    for done in range(12):
        clock.now_s += 1
        progress.tell("played", done, 12, "orders")
    progress.end()
    assert log.getvalue() == "played 4 of 12 orders\nplayed 9 of 12 orders\n"


def test_the_summary_names_every_rejected_row() -> None:
    report = Report(
        orders=2, lines=3, total_minor=1_640, currency="USD", repeated_orders=1, late_rows=1, notes=["the column 'x' is not used"]
    )
    report.rejected.append(RejectedRow(17, "item.missing", "The row names no item."))
    text = summary(report)
    assert text.startswith("2 orders, 3 lines, 16.40 USD (1640 minor units)\n1 of the orders were at the site already\n")
    assert text.endswith("note: the column 'x' is not used\n1 rows rejected:\n  row 17: item.missing: The row names no item.")
    assert summary(Report(currency="JPY")) == "0 orders, 0 lines, 0 JPY (0 minor units)\n0 rows rejected"
