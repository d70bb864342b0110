"""Plays one order into the site, and finds out what has become of one that the site will not take as it is.

What lives here: what each refusal means for the rows of an order. Ids and commands are made in plan.py, HTTP is in site.py, and which
orders are played, and how many at once, is the runner's business.
"""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import msgspec

from edge.replay.catalogue import Catalogue
from edge.replay.orders import Order, RejectedRow
from edge.replay.plan import MadeTicket, Plan, PlannedCheck, Step, batches, check_id_of, late_check, plan, settle_up
from edge.replay.rows import Row
from edge.replay.settle import settle
from edge.replay.site import RefusedBatchError, SiteClient, SiteStatus, Submitted
from shared.domain.check import CheckStatus
from shared.domain.menu import EMPTY_MENU
from shared.limits import BATCH_COMMANDS_MAX

__all__ = ["Played", "Player"]

# The site knows this order, and not as it is sent now: see what stands there.
_SEEN_BEFORE = frozenset({"check.already_open", "check.closed", "check.nothing_held", "command.id_reused", "line.already_added"})
# Somebody has put another menu in force meanwhile, if the version says so.
_MENU_MOVED = frozenset({
    "check.not_paid", "item.unknown", "modifier.too_few", "modifier.too_many", "modifier.unknown", "payment.exceeds_due",
    "payment.nothing_due", "payment.tendered_too_little", "ticket.unknown",
})  # fmt: skip
# What is due, and what the kitchen makes of it, is not as the menu let it be foreseen: rules of the site have a say in it.
_UNFORESEEN = frozenset({
    "check.not_paid", "payment.exceeds_due", "payment.nothing_due", "payment.tendered_too_little", "ticket.already_bumped",
    "ticket.already_served", "ticket.changes_unseen", "ticket.unknown",
})  # fmt: skip


class Played(msgspec.Struct):
    """What has become of an order: rows that stand at the site, rows that do not, and whether all had been there before."""

    rows: list[Row] = []
    rejected: list[RejectedRow] = []
    late_rows: int = 0
    is_repeated: bool = True

    def reject(self, rows: Iterable[Row], code: str, reason: str) -> None:
        self.rejected += [RejectedRow(row.number, code, reason) for row in rows]


class _RefusedStep(Exception):
    def __init__(self, refused: RefusedBatchError, step: Step | None, planned_with: Catalogue) -> None:
        super().__init__(str(refused))
        self.planned_with = planned_with
        self.code = refused.code
        self.detail = refused.detail
        self.row = step.row if step else None


class Player:
    """Plays orders into one site. What the journal held at the beginning (`status.sequence`) tells repeated orders from new ones."""

    def __init__(self, site: SiteClient, status: SiteStatus, catalogue: Catalogue, series: str) -> None:
        self._site = site
        self._status = status
        self._catalogue = catalogue
        self._series = series
        self._zone = ZoneInfo(status.time_zone)
        self._foresees = True  # what is due and which tickets there will be, by the menu alone

    async def play(self, order: Order) -> Played:
        """Bring the order in, as far as its rows let themselves be taken."""
        played = Played()
        check_id = check_id_of(self._status.site_id, self._series, order.order_id)
        await self._play(PlannedCheck(check_id=check_id, rows=order.rows), played, late=False)
        return played

    async def _play(self, check: PlannedCheck, played: Played, *, late: bool) -> None:
        """Send the check without the rows that are refused, until it is accepted or no row is left."""
        rows = check.rows
        for _ in range(len(rows) + _TRIES_MORE):
            catalogue, foresees = self._catalogue, self._foresees
            planned = plan(PlannedCheck(check_id=check.check_id, rows=rows), catalogue)
            for row, error in planned.rejected:
                played.reject([row], error.code, error.reason)
            rows = planned.rows
            if not rows:
                return
            try:
                submitted = await (self._submit if foresees else self._ask)(check.check_id, planned, catalogue)
            except _RefusedStep as refused:
                if foresees and refused.code in _UNFORESEEN and not await self._reload_menu(catalogue):
                    self._foresees = False
                    continue
                rows = await self._without_refused(check.check_id, rows, refused, played, late=late)
                continue
            self._accept(rows, played, late=late, repeated=submitted.last_sequence <= self._status.sequence)
            return
        played.reject(rows, "row.differs", f"The site holds check {check.check_id} of this order in another shape, and it is still open.")

    def _accept(self, rows: Iterable[Row], played: Played, *, late: bool, repeated: bool) -> None:
        before = len(played.rows)
        played.rows += rows
        played.late_rows += (len(played.rows) - before) * late
        played.is_repeated = played.is_repeated and repeated

    async def _submit(self, check_id: str, planned: Plan, catalogue: Catalogue) -> Submitted:
        """All of the plan, as it was foreseen."""
        return await self._send((*planned.ordering, *planned.settling), catalogue)

    async def _ask(self, check_id: str, planned: Plan, catalogue: Catalogue) -> Submitted:
        """Order first, then pay what the site says is due and clear the tickets that it says it made."""
        ordered = await self._send(planned.ordering, catalogue)
        check = await self._site.check(check_id)
        is_open = check is not None and check.status is CheckStatus.OPEN
        due, payments = (check.due_minor, len(check.payments)) if check is not None and is_open else (None, 0)
        settled = await self._send(settle_up(check_id, due, ordered.tickets, payments), catalogue)
        return Submitted(max(ordered.last_sequence, settled.last_sequence), ordered.tickets)

    async def _send(self, steps: Sequence[Step], catalogue: Catalogue) -> Submitted:
        """What these commands made, now or when they were first sent."""
        last, tickets = 0, list[MadeTicket]()
        for number, batch in enumerate(batches(steps)):
            try:
                submitted = await self._site.submit(batch)
            except RefusedBatchError as error:
                at = None if error.failed is None else number * BATCH_COMMANDS_MAX + error.failed
                raise _RefusedStep(error, None if at is None else steps[at], catalogue) from error
            last = max(last, submitted.last_sequence)
            tickets += submitted.tickets
        return Submitted(last_sequence=last, tickets=tuple(tickets))

    async def _without_refused(
        self, check_id: str, rows: tuple[Row, ...], refused: _RefusedStep, played: Played, *, late: bool
    ) -> tuple[Row, ...]:
        """The rows that are still to be sent after a refusal; the others have been accounted for."""
        if refused.code in _SEEN_BEFORE:
            return await self._settle(check_id, rows, refused, played, late=late)
        if refused.code in _MENU_MOVED and await self._reload_menu(refused.planned_with):
            return rows
        if refused.row is not None:
            played.reject([refused.row], refused.code, refused.detail)
            return tuple(row for row in rows if row is not refused.row)
        played.reject(rows, refused.code, refused.detail)
        return ()

    async def _settle(self, check_id: str, rows: tuple[Row, ...], refused: _RefusedStep, played: Played, *, late: bool) -> tuple[Row, ...]:
        check = await self._site.check(check_id)
        if check is None:
            played.reject(rows, refused.code, refused.detail)
            return ()
        settled = settle(check, rows, self._catalogue, self._zone)
        played.reject(settled.strangers, "order.differs", f"The order's id belongs to check {check.number} of {check.business_date}.")
        for row, line in settled.differing:
            reason = f"Check {check.number} holds {line.quantity} x {line.name} at {line.amount_minor} minor units in all instead."
            played.reject([row], "row.differs", reason)
        if check.status is CheckStatus.OPEN:
            return tuple(row for row in rows if row in settled.played or row in settled.late)
        self._accept(settled.played, played, late=late, repeated=True)
        if late:
            played.reject(settled.late, "row.differs", f"Check {check.number} holds something else in place of this row.")
            return ()
        for row in settled.late:
            await self._play(late_check(check_id, row), played, late=True)
        return ()

    async def _reload_menu(self, planned_with: Catalogue) -> bool:
        """Whether another menu is in force than the plan was made with; if so it is the one from now on."""
        version, menu = await self._site.menu()
        if version == planned_with.version:
            return False
        if version != self._catalogue.version:  # another order may have found out meanwhile
            self._catalogue = Catalogue(version, menu or EMPTY_MENU)
        return True


_TRIES_MORE = 4  # beside one for each row that may be refused: a menu that moves, what was not foreseen, a settled check, and the last
