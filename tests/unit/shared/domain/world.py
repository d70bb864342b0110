"""A site in memory for tests of the domain: decides with the real registry and keeps what its events leave.

What lives here: a small menu, `World`, and ids that read well in a failure. No clock, no storage.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from shared.domain.check import AddLine, Check, OpenCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import A, Aggregate, Command, Context, Draft, Event, Key, Meta
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax, menu_version
from shared.domain.registry import ROLES, booking_date, decide, decode_event, evolve
from shared.domain.site import StartEpoch, site_of, today

ORG = derived_id("org")
SITE = derived_id("site")
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # 12:00 in Berlin, a Monday

MENU = Menu(
    name="Lunch",
    currency="EUR",
    items=(
        MenuItem(id="soup", name="Soup", category="Starters", price_minor=650, tax_ids=("food",)),
        MenuItem(
            id="pizza", name="Pizza", category="Mains", price_minor=1250, station="oven", tax_ids=("food",),
            modifier_group_ids=("size", "extras"),
        ),
        MenuItem(id="wine", name="Wine", category="Drinks", price_minor=800, station="bar", tax_ids=("drink",)),
        MenuItem(id="gold", name="Gold leaf", category="Specials", price_minor=10**12, tax_ids=()),
    ),
    modifier_groups=(
        ModifierGroup(id="size", name="Size", modifiers=(Modifier(id="small", name="Small"), Modifier(id="big", name="Big", price_minor=175)),
                      minimum=1, maximum=1),
        ModifierGroup(id="extras", name="Extras", modifiers=(Modifier(id="olives", name="Olives", price_minor=80),), maximum=2),
    ),
    taxes=(Tax(id="food", name="VAT 7 %", rate="7%", inclusive=True), Tax(id="drink", name="VAT 19 %", rate="19%", inclusive=True)),
    tables=("1", "2"),
)  # fmt: skip


def name_id(name: str) -> str:
    """The id that stands for a readable name in these tests."""
    return derived_id("named", name)


@dataclass
class World:
    """The state of one site, and every event with its meta, in order."""

    epoch: int = 1
    now: datetime = NOON
    zone: ZoneInfo = BERLIN
    menu: Menu = MENU
    states: dict[Key, Aggregate] = field(default_factory=dict)
    journal: list[tuple[Event, Meta]] = field(default_factory=list)
    head_at: datetime | None = None

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.states.get((kind, id))
        assert found is None or isinstance(found, cls)
        return found

    def do(self, command: Command, role: str = "pos", command_id: str = "") -> list[Event]:
        """Decide a command and keep what it leaves; raises Refused and keeps nothing."""
        command_id = command_id or derived_id("command", len(self.journal))
        site = site_of(self)
        context = Context(
            command_id=command_id, now=self.now, today=today(site, self.now, self.zone), head_at=self.head_at, epoch=self.epoch,
            site_id=SITE, org_id=ORG, zone=self.zone, cut_over_minutes=site.cut_over_minutes, currency=site.currency, menu=self.menu,
            menu_version=menu_version(self.menu), device_id="tablet", actor_id="", permissions=ROLES[role],
        )  # fmt: skip
        events = decide(self, command, context)
        draft = Draft(self)
        metas: list[tuple[Event, Meta]] = []
        for ordinal, event in enumerate(events):
            meta = Meta(
                at=self.now, date=booking_date(draft, event, context.today), command_id=command_id, ordinal=ordinal, epoch=self.epoch,
                sequence=len(self.journal) + ordinal + 1, device_id="tablet", actor_id="",
            )  # fmt: skip
            draft.put(evolve(draft, event, meta))
            metas.append((event, meta))
        self.states.update(draft.changes)
        self.journal += metas
        self.head_at = self.now
        return events

    def wait(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def folded_anew(self) -> "World":
        """A world that has only read the journal, through JSON, as a follower does."""
        other = World(epoch=self.epoch, now=self.now, zone=self.zone, menu=self.menu)
        for event, meta in self.journal:
            decoded = decode_event(msgspec.json.encode(event))
            assert decoded == event
            other.states.update(evolve(other, decoded, meta))
        return other

    def check(self, name: str = "a") -> Check:
        found = self.find(Check, "check", name_id(name))
        assert found is not None
        return found

    def tickets(self) -> list[Ticket]:
        return [state for state in self.states.values() if isinstance(state, Ticket)]

    # --- the ordinary moves ---

    def open(self, name: str = "a", **fields: object) -> list[Event]:
        return self.do(OpenCheck(check_id=name_id(name), **fields))  # type: ignore[arg-type]

    def add(self, item_id: str, name: str = "a", line: str = "", **fields: object) -> str:
        """Add an item; returns the line's id."""
        line_id = name_id(line or f"{name}/{len(self.journal)}")
        self.do(AddLine(check_id=name_id(name), line_id=line_id, item_id=item_id, **fields))  # type: ignore[arg-type]
        return line_id


def begun(**fields: object) -> World:
    """A site whose epoch has begun."""
    world = World(**fields)  # type: ignore[arg-type]
    world.do(StartEpoch(currency="EUR", time_zone="Europe/Berlin"), role="box")
    return world
