"""What a replay tells a person or a program: progress while it runs, the report at its end.

What lives here: counting and wording. How orders are played is not known here.
"""

import time
from collections.abc import Callable
from typing import TextIO

import msgspec

from edge.replay.orders import RejectedRow
from shared.domain.money import format_amount
from shared.limits import REPLAY_PROGRESS_INTERVAL_S

__all__ = ["Progress", "Report", "summary"]

_REDRAW_S = 0.1  # seconds between two drawings of the line on a terminal


class Report(msgspec.Struct, kw_only=True):
    """What of the file stands at the site now, whether this run brought it or one before.

    `orders` with at least one good row, their `lines`, and `total_minor` as the rows add up (tax on top of prices is not in
    it). `repeated_orders` were there already and were not touched. `late_rows` were mended after their order had been played and
    stand on checks of their own. `notes` are sentences on the file as a whole.
    """

    orders: int = 0
    lines: int = 0
    total_minor: int = 0
    currency: str = ""
    rejected: list[RejectedRow] = []
    repeated_orders: int = 0
    late_rows: int = 0
    notes: list[str] = []


def summary(report: Report) -> str:
    """The report for a person: what came in, and every rejected row."""
    amount = format_amount(report.total_minor, report.currency)
    lines = [f"{report.orders} orders, {report.lines} lines, {amount} {report.currency} ({report.total_minor} minor units)"]
    if report.repeated_orders:
        lines.append(f"{report.repeated_orders} of the orders were at the site already")
    if report.late_rows:
        lines.append(f"{report.late_rows} rows stand on checks of their own, since their orders had been closed without them")
    lines += [f"note: {note}" for note in report.notes]
    lines.append(f"{len(report.rejected)} rows rejected{':' if report.rejected else ''}")
    lines += [f"  row {each.row}: {each.code}: {each.reason}" for each in report.rejected]
    return "\n".join(lines)


class Progress:
    """One line that is rewritten where somebody watches a terminal, else a line every few seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._watched = stream.isatty()
        self._interval_s = _REDRAW_S if self._watched else REPLAY_PROGRESS_INTERVAL_S
        self._next = clock() + (0.0 if self._watched else self._interval_s)
        self._drawn = 0

    def tell(self, verb: str, done: int, total: int, what: str) -> None:
        """`played 512 of 5343 orders`, if it is time to say so. `total` is 0 where it is not known."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + self._interval_s
        text = f"{verb} {done}{f' of {total}' if total else ''} {what}"
        if self._watched:
            self._stream.write(f"\r{text.ljust(self._drawn)}")
            self._drawn = len(text)
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        """Take the line off the terminal."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0
