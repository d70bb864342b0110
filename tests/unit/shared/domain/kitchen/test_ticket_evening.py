"""Evenings that nobody planned: waiters send, hold, fire, void and move; cooks start, bump, recall and serve, in any order.

Whatever they do: every fired line stands on exactly one ticket of each of its stations and nowhere else, numbers have no gap, a ticket
keeps the time it came, and a follower that reads the journal knows the same kitchen.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.check.firing import FireCourse, FireLines, HoldLines, ReleaseLines, SendCheck
from shared.domain.check.state import CHECK, Line, LineStatus
from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Command, Key
from shared.domain.kitchen.acts import tickets_of
from shared.domain.kitchen.changes import MarkChangesSeen, line_noted, line_voided, lines_moved, relabelled
from shared.domain.kitchen.making import BumpItem, BumpTicket, PrioritizeTicket, StartItem
from shared.domain.kitchen.progress import kitchen_state
from shared.domain.kitchen.recalling import RecallItem, RecallLast, RecallTicket
from shared.domain.kitchen.serving import ServeItems, ServeTicket
from shared.domain.kitchen.showing import MarkPrinted, MarkShown
from shared.domain.kitchen.state import KITCHEN, STATION, TICKET, CheckTickets, ItemStatus, Ticket, TicketStatus
from shared.domain.kitchen.timing import unshown
from shared.domain.menu.floor import Station
from shared.domain.registry import decode_event, evolve
from tests.unit.shared.domain.kitchen.scene import Scene, held, scene
from tests.unit.shared.domain.world import MENU, World, name_id

STATIONS = ("grill", "fry", "bar")
TABLES_MAX = 5
some = st.integers(0, 1_000)


class Evening(RuleBasedStateMachine):
    """`ordered` is every line there ever was, with its stations; `came` when each ticket was created."""

    has_expo = False

    def __init__(self) -> None:
        super().__init__()
        stations = (Station(id="grill", name="Grill", fires_by_prep=True), Station(id="fry", name="Fry", fires_by_prep=True))
        if self.has_expo:
            stations += (Station(id="pass", name="Pass", kind="expo"),)
        self.world: Scene = scene(msgspec.structs.replace(MENU, stations=stations))
        self.ordered: dict[str, tuple[str, ...]] = {}
        self.came: dict[str, datetime] = {}
        self.recalls: dict[str, int] = {}
        self.tables: list[str] = []
        self.a_party_comes(days=0)

    # --- helpers ---

    def table(self, which: int) -> str:
        return self.tables[which % len(self.tables)]

    def attempt(self, command: Command, role: str = "kds") -> None:
        before = dict(self.world.states)
        try:
            self.world.do(command, role=role)
        except Refused as refused:
            assert self.world.states == before
            msgspec.json.encode(refused.facts)

    def ticket(self, which: int) -> Ticket | None:
        tickets = self.world.tickets()
        return tickets[which % len(tickets)] if tickets else None

    def line(self, check: str, which: int) -> Line | None:
        lines = self.world.check(check).lines
        return lines[which % len(lines)] if lines else None

    def change(self, check: str, line: Line, **fields: Any) -> None:
        """What a decision about checks would do beside telling the kitchen."""
        found = self.world.check(check)
        lines = tuple(msgspec.structs.replace(each, **fields) if each.line_id == line.line_id else each for each in found.lines)
        self.world.states[CHECK, found.check_id] = msgspec.structs.replace(found, lines=lines)

    # --- waiters ---

    @precondition(lambda self: len(self.tables) < TABLES_MAX)
    @rule(days=st.sampled_from([0, 1]))
    def a_party_comes(self, days: int) -> None:
        self.world.wait(days=days)
        self.tables.append("abcde"[len(self.tables)])
        self.world.open(self.tables[-1], table_id=self.tables[-1])

    @rule(
        at=some, stations=st.permutations(STATIONS), count=st.integers(1, 3), dishes=st.integers(1, 3), prep_s=st.integers(0, 1_200),
        course=st.sampled_from(["", "starters", "mains"]), on_hold=st.booleans(), at_once=st.booleans(),
    )  # fmt: skip
    def orders(
        self, at: int, stations: list[str], count: int, dishes: int, prep_s: int, course: str, on_hold: bool, at_once: bool
    ) -> None:  # fmt: skip
        for _ in range(dishes):
            line = held(
                f"dish#{len(self.ordered)}", stations[0], also_stations=tuple(stations[1:count]), prep_s=prep_s, course=course,
                on_hold=on_hold,
            )  # fmt: skip
            self.ordered[line.line_id] = tuple(stations[:count])
            self.world.table(self.table(at), line)
        if at_once:
            self.sends(at)

    @rule(at=some)
    def sends(self, at: int) -> None:
        self.attempt(SendCheck(check_id=name_id(self.table(at))), "pos")

    @rule(at=some, course=st.sampled_from(["", "starters", "mains"]))
    def fires_a_course(self, at: int, course: str) -> None:
        self.attempt(FireCourse(check_id=name_id(self.table(at)), course=course), "pos")

    @rule(at=some, which=some, act=st.sampled_from([FireLines, HoldLines, ReleaseLines]))
    def names_a_line(self, at: int, which: int, act: Any) -> None:
        if line := self.line(self.table(at), which):
            self.attempt(act(check_id=name_id(self.table(at)), line_ids=(line.line_id,)), "pos")

    @rule(at=some, which=some)
    def voids(self, at: int, which: int) -> None:
        line = self.line(self.table(at), which)
        if line and line.status is not LineStatus.VOIDED:
            self.world.told(*line_voided(self.world, name_id(self.table(at)), line.line_id, "void"))
            self.change(self.table(at), line, status=LineStatus.VOIDED)

    @rule(at=some, which=some)
    def notes(self, at: int, which: int) -> None:
        if line := self.line(self.table(at), which):
            self.world.told(*line_noted(self.world, name_id(self.table(at)), line.line_id, str(which)))

    @rule(at=some, to=some, which=some)
    def moves_a_line(self, at: int, to: int, which: int) -> None:
        here, there = self.table(at), self.table(to)
        line = self.line(here, which)
        if line and here != there:
            self.world.told(*lines_moved(self.world, name_id(here), name_id(there), [line.line_id], 9, there))
            for name, keep in ((here, False), (there, True)):
                found = self.world.check(name)
                lines = tuple(each for each in found.lines if each.line_id != line.line_id) + ((line,) if keep else ())
                self.world.states[CHECK, found.check_id] = msgspec.structs.replace(found, lines=lines)

    @rule(at=some, table=st.sampled_from(["1", "2"]))
    def moves_a_table(self, at: int, table: str) -> None:
        self.world.told(*relabelled(self.world, name_id(self.table(at)), table))

    @rule(minutes=st.sampled_from([10, 24 * 60, 1, 150]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.wait(minutes=minutes)

    # --- the kitchen ---

    @rule(which=some, act=st.sampled_from([BumpTicket, RecallTicket, ServeTicket, PrioritizeTicket, MarkChangesSeen, MarkPrinted]))
    def does_to_a_ticket(self, which: int, act: Any) -> None:
        if ticket := self.ticket(which):
            self.attempt(act(ticket_id=ticket.ticket_id))

    @rule(which=some, item=some, act=st.sampled_from([StartItem, BumpItem, RecallItem]))
    def does_to_an_item(self, which: int, item: int, act: Any) -> None:
        if ticket := self.ticket(which):
            self.attempt(act(ticket_id=ticket.ticket_id, line_id=ticket.lines[item % len(ticket.lines)].line_id))

    @rule(which=some, item=some)
    def serves_an_item(self, which: int, item: int) -> None:
        if ticket := self.ticket(which):
            self.attempt(ServeItems(ticket_id=ticket.ticket_id, line_ids=(ticket.lines[item % len(ticket.lines)].line_id,)))

    @rule(station=st.sampled_from(STATIONS))
    def recalls_the_last(self, station: str) -> None:
        self.attempt(RecallLast(station=station))

    @precondition(lambda self: self.world.tickets())
    @rule()
    def shows_everything(self) -> None:
        self.attempt(MarkShown(ticket_ids=tuple(ticket.ticket_id for ticket in self.world.tickets())[-200:]))
        assert unshown(self.world.tickets(), self.world.now.replace(year=2030)) == ()

    # --- what must hold ---

    @invariant()
    def every_fired_line_stands_once_at_each_of_its_stations(self) -> None:
        stands: defaultdict[str, list[str]] = defaultdict(list)
        for ticket in self.world.tickets():
            for line in ticket.lines:
                stands[line.line_id].append(ticket.station)
                assert line.stations == (self.ordered[line.line_id] if len(self.ordered[line.line_id]) > 1 else ())
        for check in self.tables:
            for line in self.world.check(check).lines:
                if line.status is LineStatus.SENT:
                    assert sorted(stands[line.line_id]) == sorted(self.ordered[line.line_id])
                elif line.status is LineStatus.HELD:
                    assert line.line_id not in stands
        assert all(len(found) == len(set(found)) for found in stands.values()), "a line is cooked twice at one station"

    @invariant()
    def numbers_have_no_gap(self) -> None:
        numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for ticket in self.world.tickets():
            numbers[ticket.station, ticket.business_date].append(ticket.number)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())

    @invariant()
    def a_ticket_keeps_the_time_it_came(self) -> None:
        for ticket in self.world.tickets():
            assert self.came.setdefault(ticket.ticket_id, ticket.created_at) == ticket.created_at
            assert self.recalls.get(ticket.ticket_id, 0) <= ticket.recalls
            self.recalls[ticket.ticket_id] = ticket.recalls

    @invariant()
    def a_ticket_is_as_far_as_its_items(self) -> None:
        for ticket in self.world.tickets():
            left = [line for line in ticket.lines if line.status is not ItemStatus.VOIDED]
            if ticket.status is TicketStatus.OPEN:
                assert ticket.is_pending or ticket.unseen, "nothing is left to make, and nothing to be told of"
                assert ticket.bumped_at is ticket.served_at is None
            elif ticket.status is TicketStatus.BUMPED:
                assert not ticket.is_pending
            else:
                assert all(line.status is ItemStatus.SERVED for line in left)
            for line in left:
                assert (line.served_at is not None) == (line.status is ItemStatus.SERVED)

    @invariant()
    def the_index_finds_what_a_search_would(self) -> None:
        for check in self.tables:
            id = name_id(check)
            mine = {
                ticket.ticket_id
                for ticket in self.world.tickets()
                if any((line.check_id or ticket.check_id) == id for line in ticket.lines)
            }
            index = self.world.find(CheckTickets, KITCHEN, id) or CheckTickets()
            assert sorted(index.live + index.done) == sorted(mine)
            assert set(index.live) == {ticket.ticket_id for ticket in self.world.tickets() if ticket.is_live} & mine

    @invariant()
    def a_waiter_is_told_of_every_line_that_was_fired(self) -> None:
        for check in self.tables:
            states = kitchen_state(tickets_of(self.world, name_id(check)))
            for line in self.world.check(check).lines:
                if line.status is LineStatus.SENT:
                    assert states[line.line_id] is not ItemStatus.VOIDED
                elif line.status is LineStatus.HELD:
                    assert line.line_id not in states

    def teardown(self) -> None:
        """A follower that reads the journal, and nothing of checks, knows the same kitchen."""
        follower = World(menu=self.world.menu)
        for event, meta in self.world.journal:
            if type(event).__name__.startswith("Ticket"):
                decoded = decode_event(msgspec.json.encode(event))
                assert decoded == event
                follower.states.update(evolve(follower, decoded, meta))
        assert kitchen_of(follower) == kitchen_of(self.world)


def kitchen_of(world: World) -> dict[Key, Aggregate]:
    return {key: state for key, state in world.states.items() if key[0] in (TICKET, KITCHEN, STATION)}


class EveningWithExpo(Evening):
    has_expo = True


TestEvening = Evening.TestCase
TestEvening.settings = settings(max_examples=80, stateful_step_count=50)
TestEveningWithExpo = EveningWithExpo.TestCase
TestEveningWithExpo.settings = settings(max_examples=80, stateful_step_count=50)
