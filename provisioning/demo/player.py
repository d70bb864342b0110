"""A service, played: guests come, order, eat, pay and go, through the site's public HTTP API.

What lives here: what a waiter, a cook and a cashier would do next, from a seeded source of chance. How a command gets to
the box is in tablet.py; prices are the box's business, never ours.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from provisioning.demo.appetite import Appetite
from provisioning.demo.tablet import Tablet
from shared.domain.check import CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.firing import FireCourse
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.serving import ServeTicket
from shared.domain.kitchen.state import Ticket, TicketStatus
from shared.domain.menu import Menu
from shared.domain.money import exponent
from shared.domain.views import CheckView, LineView

__all__ = ["Player"]

_TICKETS_ON_SCREEN = 4  # tickets that a kitchen leaves standing at least, so that there is something to see
_NOTES_OF_CASH = (5, 10, 20)  # whole units of the currency that guests round up to


@dataclass
class _Party:
    """Guests at a table: how many times they will order yet, and whether something of it waits to be sent."""

    check_id: str
    table_id: str
    rounds_left: int
    held: bool = False


class Player:
    """One site's staff and guests. `closed` counts the checks closed by it, `accepted` its accepted commands."""

    def __init__(self, menu: Menu, chance: random.Random) -> None:
        self._tablet = Tablet()
        self._menu = menu
        self._appetite = Appetite(menu, chance)
        self._chance = chance
        self._parties: list[_Party] = []
        self.closed = 0

    @property
    def accepted(self) -> int:
        return self._tablet.accepted

    @property
    def refused(self) -> int:
        """Commands that the box refused: a person at the screens may have been quicker."""
        return self._tablet.refused

    async def play(self, client: httpx.AsyncClient, pace_s: float, stop: asyncio.Event) -> None:
        """Do one thing after the other, about one every `pace_s` seconds, until `stop`; what is begun is finished.

        Raises TimeoutError when the box is silent for too long; it can be played on afterwards.
        """
        self._tablet.client = client
        await self._take_over()
        while not stop.is_set():
            await self._next()()
            try:
                await asyncio.wait_for(stop.wait(), self._chance.uniform(0.4, 1.6) * pace_s)
            except TimeoutError:
                continue  # nobody has stopped us: go on

    async def _take_over(self) -> None:
        """Guests who sit there from an earlier service are served on."""
        self._parties.clear()
        for check in await self._tablet.open_checks():
            held = any(line.status == "held" for line in check.lines)
            self._parties.append(_Party(check.check_id, check.table_id, rounds_left=0 if check.lines else 1, held=held))

    def _next(self) -> Callable[[], Awaitable[None]]:
        """What to do now, by weight: a fuller house seats fewer."""
        room = len(self._free_tables()) / max(1, len(self._menu.tables))
        waiting = sum(party.rounds_left > 0 for party in self._parties)
        leaving = sum(party.rounds_left == 0 for party in self._parties)
        weights: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._seat, 3 * room if room > 0.3 else 0.0),
            (self._order, min(4, waiting)),
            (self._bump, 3.0),
            (self._settle, min(3, leaving)),
        ]
        if not any(weight for _, weight in weights):
            return self._bump
        return self._chance.choices([act for act, _ in weights], [weight for _, weight in weights])[0]

    def _free_tables(self) -> list[str]:
        taken = {party.table_id for party in self._parties}
        return [table for table in self._menu.tables if table not in taken]

    # --- the waiter ----------------------------------------------------------------------------

    async def _seat(self) -> None:
        table = self._chance.choice(self._free_tables())
        party = _Party(self._tablet.new_id(), table, rounds_left=self._chance.choice((1, 1, 2, 2, 3)))
        covers = self._chance.randint(1, 6)
        if await self._tablet.send(OpenCheck(check_id=party.check_id, table_id=table, covers=covers)):
            self._parties.append(party)
            await self._order_round(party)

    async def _order(self) -> None:
        waiting = [party for party in self._parties if party.rounds_left > 0]
        if waiting:
            await self._order_round(self._chance.choice(waiting))

    async def _order_round(self, party: _Party) -> None:
        """One round: lines as one batch, sometimes a change of mind, then to the kitchen."""
        lines = [self._appetite.line(party.check_id, self._tablet.new_id()) for _ in range(self._chance.randint(1, 5))]
        if not await self._tablet.send(*lines):
            self._parties.remove(party)
            return
        if len(lines) > 1 and self._chance.random() < 0.08:
            await self._tablet.send(VoidLine(check_id=party.check_id, line_id=lines[-1].line_id, reason="changed their mind"))
        await self._send(party)
        party.rounds_left -= 1

    async def _send(self, party: _Party) -> None:
        """To the kitchen with what does not wait for its course; if all of it does, with the first course that does."""
        check = await self._tablet.check(party.check_id)
        held = [line for line in check.lines if line.status == "held"] if check else []
        if any(not line.on_hold for line in held):
            await self._tablet.send(SendCheck(check_id=party.check_id))
        elif held:
            await self._tablet.send(FireCourse(check_id=party.check_id, course=self._next_course(held)))
        party.held = bool(held)

    def _next_course(self, held: Sequence[LineView]) -> str:
        waiting = {line.course for line in held}
        return next((course.id for course in self._menu.courses if course.id in waiting), held[0].course)

    # --- the cook ------------------------------------------------------------------------------

    async def _bump(self) -> None:
        """Every station with enough to do bumps its oldest ticket; where there is an expo, it hands over what has waited longest."""
        stations: dict[str, list[Ticket]] = {}
        made: list[Ticket] = []
        for ticket in await self._tablet.open_tickets():
            if ticket.status is TicketStatus.OPEN:
                stations.setdefault(ticket.station, []).append(ticket)
            else:
                made.append(ticket)
        for tickets in stations.values():
            if len(tickets) > _TICKETS_ON_SCREEN:
                await self._done_with(tickets, BumpTicket)
        if len(made) > _TICKETS_ON_SCREEN:
            await self._done_with(made, ServeTicket)

    async def _done_with(self, tickets: Sequence[Ticket], act: type[BumpTicket | ServeTicket]) -> None:
        """Do something to the oldest ticket, once its changes have been looked at."""
        oldest = min(tickets, key=lambda ticket: ticket.created_at)
        seen = [MarkChangesSeen(ticket_id=oldest.ticket_id)] if oldest.unseen else []
        await self._tablet.send(*seen, act(ticket_id=oldest.ticket_id))

    # --- the cashier ---------------------------------------------------------------------------

    async def _settle(self) -> None:
        leaving = [party for party in self._parties if party.rounds_left == 0]
        if not leaving:
            return
        party = self._chance.choice(leaving)
        if party.held:
            await self._send(party)
            return
        check = await self._tablet.check(party.check_id)
        if check is None or await self._pay(check):
            self._parties.remove(party)

    async def _pay(self, check: CheckView) -> bool:
        """Take what is due, now and then in two parts, and close. True when the party is gone, by us or somebody else."""
        due = check.due_minor
        if due > 1 and self._chance.random() < 0.2:
            part = self._chance.randint(1, due - 1)
            if not await self._tablet.send(PayCash(check_id=check.check_id, tendered_minor=part, amount_minor=part)):
                return True
            due -= part
        if due > 0 and not await self._tablet.send(PayCash(check_id=check.check_id, tendered_minor=self._cash(due, check.currency))):
            return True
        self.closed += await self._tablet.send(CloseCheck(check_id=check.check_id))
        return True

    def _cash(self, due_minor: int, currency: str) -> int:
        """What a guest puts down for it: exact, or rounded up to a note."""
        note = self._chance.choice(_NOTES_OF_CASH) * 10 ** exponent(currency)
        return due_minor if self._chance.random() < 0.3 else -(-due_minor // note) * note
