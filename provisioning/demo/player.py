"""A service, played: guests come, order, eat, pay and go, through the site's public HTTP API.

What lives here: what a waiter and a cook would do next, from a seeded source of chance. What guests order is in appetite.py, how they
leave in cashier.py, what takes a manager in manager.py, how a command gets to the box in tablet.py; prices are the box's business.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from provisioning.demo.appetite import Appetite
from provisioning.demo.cashier import Cashier
from provisioning.demo.manager import Manager
from provisioning.demo.tablet import Tablet
from shared.domain.check import OpenCheck, SendCheck, VoidLine
from shared.domain.check.firing import FireCourse
from shared.domain.check.seating import MoveChecks
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.serving import ServeTicket
from shared.domain.kitchen.showing import MarkShown
from shared.domain.kitchen.state import Ticket, TicketStatus
from shared.domain.menu import Menu
from shared.domain.views import LineView
from shared.limits import TICKETS_SHOWN_MAX

__all__ = ["Player"]

_TICKETS_ON_SCREEN = 4  # tickets that a kitchen leaves standing at least, so that there is something to see


@dataclass
class _Party:
    """Guests at a table: how many times they will order yet, and whether something of it waits to be sent."""

    check_id: str
    table_id: str
    covers: int
    rounds_left: int
    held: bool = False


class Player:
    """One site's staff and guests. `closed` counts the checks closed by it, `accepted` its accepted commands. There is a manager where
    a device for one was paired."""

    def __init__(self, menu: Menu, chance: random.Random, manager_token: str = "") -> None:
        self._tablet = Tablet()
        self._cashier = Cashier(self._tablet, menu, chance)
        self._office = Tablet(manager_token) if manager_token else None
        self._manager = Manager(self._office, menu, chance) if self._office else None
        self._menu = menu
        self._appetite = Appetite(menu, chance)
        self._chance = chance
        self._parties: list[_Party] = []

    @property
    def closed(self) -> int:
        return self._cashier.closed

    @property
    def accepted(self) -> int:
        return self._tablet.accepted + (self._office.accepted if self._office else 0)

    @property
    def refused(self) -> int:
        """Commands that the box refused: a person at the screens may have been quicker."""
        return self._tablet.refused + (self._office.refused if self._office else 0)

    async def play(self, client: httpx.AsyncClient, pace_s: float, stop: asyncio.Event) -> None:
        """Do one thing after the other, about one every `pace_s` seconds, until `stop`; what is begun is finished.

        Raises TimeoutError when the box is silent for too long; it can be played on afterwards.
        """
        self._tablet.client = client
        if self._office:
            self._office.client = client
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
            self._parties.append(_Party(check.check_id, check.table_id, check.covers, rounds_left=0 if check.lines else 1, held=held))

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
            (self._move, 0.2 * bool(self._parties) * (room > 0.1)),
            (self._go_round, 0.3 * bool(self._parties) * bool(self._manager)),
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
        party = _Party(self._tablet.new_id(), table, self._chance.randint(1, 6), rounds_left=self._chance.choice((1, 1, 2, 2, 3)))
        if await self._tablet.send(OpenCheck(check_id=party.check_id, table_id=table, covers=party.covers)):
            self._parties.append(party)
            await self._order_round(party)

    async def _order(self) -> None:
        waiting = [party for party in self._parties if party.rounds_left > 0]
        if waiting:
            await self._order_round(self._chance.choice(waiting))

    async def _order_round(self, party: _Party) -> None:
        """One round: lines as one batch, sometimes a change of mind, then to the kitchen."""
        lines = [self._appetite.line(party.check_id, self._tablet.new_id(), party.covers) for _ in range(self._chance.randint(1, 5))]
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

    async def _move(self) -> None:
        """A party would rather sit somewhere else."""
        party, table = self._chance.choice(self._parties), self._chance.choice(self._free_tables())
        if await self._tablet.send(MoveChecks(check_ids=(party.check_id,), table_id=table)):
            party.table_id = table

    async def _go_round(self) -> None:
        """The manager sees to a table, or to a guest who has come back."""
        assert self._manager is not None
        paid = self._cashier.paid_in_cash
        if paid and self._chance.random() < 0.3:
            await self._manager.give_back(*paid.pop(self._chance.randrange(len(paid))))
        else:
            await self._manager.go_round(self._chance.choice(self._parties).check_id)

    # --- the cook ------------------------------------------------------------------------------

    async def _bump(self) -> None:
        """Every station with enough to do bumps its oldest ticket; where there is an expo, it hands over what has waited longest.
        What nobody has looked at yet comes on the screens."""
        stations: dict[str, list[Ticket]] = {}
        made: list[Ticket] = []
        tickets = await self._tablet.open_tickets()
        new = [ticket.ticket_id for ticket in tickets if ticket.status is TicketStatus.OPEN and ticket.shown_at is None]
        if new:
            await self._tablet.send(MarkShown(ticket_ids=tuple(new[:TICKETS_SHOWN_MAX])))
        for ticket in tickets:
            if ticket.status is TicketStatus.OPEN:
                stations.setdefault(ticket.station, []).append(ticket)
            else:
                made.append(ticket)
        for waiting in stations.values():
            if len(waiting) > _TICKETS_ON_SCREEN:
                await self._done_with(waiting, BumpTicket)
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
        self._parties.remove(party)
        await self._cashier.see_off(party.check_id)
