"""A kitchen to test in: lines with everything that routing and timing ask for, put on a check, and the moves of cooks and expo.

What lives here: a menu with stations, `Scene`, and short names for ordinary acts. How such lines come onto a check is not its matter.
"""

from typing import Any

import msgspec

from shared.domain.check import Check, LineStatus
from shared.domain.check.firing import SendCheck
from shared.domain.check.state import CHECK, Line, LineModifier
from shared.domain.errors import Refused
from shared.domain.kernel import Command, Event, Meta
from shared.domain.kitchen.state import Ticket
from shared.domain.menu.document import IngredientUse
from shared.domain.menu.floor import Station
from shared.domain.registry import evolve
from shared.domain.site import StartEpoch
from tests.unit.shared.domain.world import MENU, World, name_id

PLAIN = MENU
BY_PREP = msgspec.structs.replace(
    MENU,
    stations=(
        Station(id="grill", name="Grill", fires_by_prep=True), Station(id="fry", name="Fry", fires_by_prep=True),
        Station(id="bar", name="Bar"),
    ),
)  # fmt: skip
WITH_EXPO = msgspec.structs.replace(MENU, stations=(Station(id="grill", name="Grill"), Station(id="pass", name="Pass", kind="expo")))


def modifier(name: str, portion: str = "whole", depth: int = 0, **uses: int) -> LineModifier:
    return LineModifier(
        group_id="g", modifier_id=name, name=name, price_minor=0, portion=portion, depth=depth,  # type: ignore[arg-type]
        ingredients=tuple(IngredientUse(name=each, count=count) for each, count in uses.items()),
    )  # fmt: skip


def held(name: str, station: str = "grill", **fields: Any) -> Line:
    """A line called `name`, which is also what its id is derived from; what comes after a # tells it from others of its item."""
    item_id = name.partition("#")[0]
    base = Line(
        line_id=name_id(name), item_id=item_id, name=item_id.title(), category="Mains", quantity=1, unit_price_minor=100, station=station,
        status=LineStatus.HELD,
    )  # fmt: skip
    return msgspec.structs.replace(base, **fields)


class Scene(World):
    """A world that speaks of checks, lines and tickets by name."""

    def table(self, table: str, *lines: Line, **fields: Any) -> None:
        """Open a check with these lines, or put them on it."""
        if self.find(Check, CHECK, name_id(table)) is None:
            self.open(table, table_id=table)
        check = self.check(table)
        self.states[CHECK, check.check_id] = msgspec.structs.replace(check, lines=(*check.lines, *lines), **fields)

    def send(self, name: str, command_id: str = "") -> list[Event]:
        return self.do(SendCheck(check_id=name_id(name)), command_id=command_id)

    def fired(self, table: str, *lines: Line, **fields: Any) -> list[Ticket]:
        """Put the lines on the table's check and send them; the tickets that come of it."""
        self.table(table, *lines, **fields)
        before = {ticket.ticket_id for ticket in self.tickets()}
        self.send(table)
        return [ticket for ticket in self.tickets() if ticket.ticket_id not in before]

    def ticket(self, ticket_id: str) -> Ticket:
        [found] = [ticket for ticket in self.tickets() if ticket.ticket_id == ticket_id]
        return found

    def cook(self, command: Command) -> list[Event]:
        return self.do(command, role="kds")

    def told(self, *events: Event) -> None:
        """Evolve events as if some decision about a check had made them."""
        for event in events:
            meta = Meta(
                at=self.now, date="2026-03-02", command_id=name_id("told"), ordinal=0, epoch=self.epoch, sequence=len(self.journal) + 1,
                device_id="tablet", actor_id="",
            )  # fmt: skip
            self.states.update(evolve(self, event, meta))
            self.journal.append((event, meta))


def scene(menu: Any = PLAIN, **fields: Any) -> Scene:
    """A site that has begun, with this menu."""
    world = Scene(menu=menu, **fields)
    world.do(StartEpoch(currency="EUR", time_zone="Europe/Berlin"), role="box")
    return world


def refusal(world: World, command: Command, role: str = "kds") -> Refused:
    """The refusal that the command meets; the state is as it was."""
    before = dict(world.states)
    try:
        world.do(command, role=role)
    except Refused as refused:
        assert world.states == before
        msgspec.json.encode(refused.facts)
        return refused
    raise AssertionError(f"{command} was accepted")
