"""The kitchen ticket as immutable state: what a station is to cook, and how far each item of it is.

What lives here: the states as tables, the types of tickets, their lines and changes, and the indexes by which tickets are found
without a search. Its rules are in the modules beside this one. Lines are copies made when they were fired: checks, prices,
screens and printers are not known here. Times are UTC; fields are only ever added, with defaults that mean "as it was before the
field existed" (Law 10).
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.domain.kernel import Aggregate

__all__ = [
    "BLOCKING_CHANGES", "ITEM_STATES", "KITCHEN", "PENDING", "STATION", "TICKET", "TICKET_STATES", "CheckTickets", "FiredLine",
    "IngredientNeed", "ItemStatus", "StationLog", "Ticket", "TicketChange", "TicketLine", "TicketStatus",
]  # fmt: skip

TICKET = "ticket"
KITCHEN = "kitchen"
STATION = "station"


class TicketStatus(StrEnum):
    OPEN = "open"
    BUMPED = "bumped"  # made; where there is an expo it waits at the pass
    SERVED = "served"


class ItemStatus(StrEnum):
    SENT = "sent"  # no screen has shown it yet
    DISPLAYED = "displayed"
    STARTED = "started"
    READY = "ready"
    SERVED = "served"
    VOIDED = "voided"


# What may follow what. A command that finds no arrow is refused with the present state.
TICKET_STATES: dict[tuple[TicketStatus, str], TicketStatus] = {
    (TicketStatus.OPEN, "bump"): TicketStatus.BUMPED,
    (TicketStatus.OPEN, "serve"): TicketStatus.SERVED,  # the expo took it before the station said so
    (TicketStatus.BUMPED, "serve"): TicketStatus.SERVED,
    (TicketStatus.BUMPED, "recall"): TicketStatus.OPEN,
    (TicketStatus.SERVED, "recall"): TicketStatus.OPEN,
}
# "restart" is the recall of what had been started. Being printed is no state: a ticket may be on paper and on a screen.
ITEM_STATES: dict[tuple[ItemStatus, str], ItemStatus] = {
    (ItemStatus.SENT, "show"): ItemStatus.DISPLAYED,
    (ItemStatus.SENT, "start"): ItemStatus.STARTED,
    (ItemStatus.DISPLAYED, "start"): ItemStatus.STARTED,
    (ItemStatus.SENT, "bump"): ItemStatus.READY,
    (ItemStatus.DISPLAYED, "bump"): ItemStatus.READY,
    (ItemStatus.STARTED, "bump"): ItemStatus.READY,
    (ItemStatus.SENT, "serve"): ItemStatus.SERVED,
    (ItemStatus.DISPLAYED, "serve"): ItemStatus.SERVED,
    (ItemStatus.STARTED, "serve"): ItemStatus.SERVED,
    (ItemStatus.READY, "serve"): ItemStatus.SERVED,
    (ItemStatus.READY, "recall"): ItemStatus.DISPLAYED,
    (ItemStatus.SERVED, "recall"): ItemStatus.DISPLAYED,
    (ItemStatus.READY, "restart"): ItemStatus.STARTED,
    (ItemStatus.SERVED, "restart"): ItemStatus.STARTED,
    (ItemStatus.SENT, "void"): ItemStatus.VOIDED,
    (ItemStatus.DISPLAYED, "void"): ItemStatus.VOIDED,
    (ItemStatus.STARTED, "void"): ItemStatus.VOIDED,
    (ItemStatus.READY, "void"): ItemStatus.VOIDED,
    (ItemStatus.SERVED, "void"): ItemStatus.VOIDED,
}
PENDING = frozenset(status for status, act in ITEM_STATES if act == "bump")
"""The states of an item that is still to be made."""
BLOCKING_CHANGES = frozenset({"added", "voided", "noted"})
"""The changes that somebody in the kitchen must have seen before the ticket is bumped: they change what is cooked."""


class IngredientNeed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """So much of an ingredient, in thousandths of one: a half takes half (500), exactly."""

    name: str
    thousandths: int


class FiredLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line as it was fired. `modifiers` are names in the order of choice; `portions` ("whole", "left", "right") and `depths` of
    each stand beside them, empty where all are whole, or none is nested.

    `stations` are all that work on the item where they are several, else empty. `fire_at` is when to begin (None: at once), `prep_s`
    how long it takes, seconds (0: not known). `ingredients` are for the whole quantity. `combo` is the name of the combo it is part of,
    `dining_option` how it goes if not as the rest of its check.
    """

    line_id: str
    name: str
    quantity: int
    modifiers: tuple[str, ...] = ()
    note: str = ""
    item_id: str = ""
    portions: tuple[str, ...] = ()
    depths: tuple[int, ...] = ()
    seat: int = 0
    course: str = ""
    stations: tuple[str, ...] = ()
    prep_s: int = 0
    fire_at: datetime | None = None
    weight: str = ""
    weight_unit: str = ""
    combo: str = ""
    dining_option: str = ""
    allergens: tuple[str, ...] = ()
    ingredients: tuple[IngredientNeed, ...] = ()


class TicketLine(FiredLine, frozen=True, gc=False, kw_only=True):
    """A line as the cook reads it, and how far it is. `served_early` was handed over before the station had said that it is ready.

    `check_id`, `check_number` and `table_id` say where it goes if that is another check than the ticket's: lines move.
    """

    status: ItemStatus = ItemStatus.SENT
    started_at: datetime | None = None
    bumped_at: datetime | None = None
    served_at: datetime | None = None
    served_early: bool = False
    check_id: str = ""
    check_number: int = 0
    table_id: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be made."""
        return self.status in PENDING


class TicketChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What became of the ticket after it was fired. `kind` is "added" (a later ticket of the same check: `ticket_id`, `number`),
    "voided" (`text` is the reason) or "noted" (`text` is the new note)."""

    kind: str
    at: datetime
    line_ids: tuple[str, ...] = ()
    text: str = ""
    ticket_id: str = ""
    number: int = 0
    seen_at: datetime | None = None


class Ticket(Aggregate, frozen=True):
    """One ticket. `number` runs by site, epoch, station and business date.

    All tickets of one fire share `fire_id`. `adds_to` is the number of the ticket, of the same check and station, that was still
    open when this one came. `ready_by` is when the whole of it should be ready. `created_at` stays through every recall;
    `recalls` counts them. With `awaits_expo` it stays live until it is served. `moved_from` is the table it went to before.
    """

    ticket_id: str
    station: str
    number: int
    epoch: int
    check_id: str
    check_number: int
    table_id: str
    business_date: str
    lines: tuple[TicketLine, ...]
    status: TicketStatus
    created_at: datetime
    bumped_at: datetime | None = None
    fire_id: str = ""
    course: str = ""
    service: str = ""
    order_number: int = 0
    name: str = ""
    covers: int = 0
    dining_option: str = ""
    owner_id: str = ""
    ready_by: datetime | None = None
    awaits_expo: bool = False
    adds_to: int = 0
    priority: int = 0
    changes: tuple[TicketChange, ...] = ()
    shown_at: datetime | None = None
    printed_at: datetime | None = None
    started_at: datetime | None = None
    served_at: datetime | None = None
    served_early: bool = False
    recalls: int = 0
    moved_from: str = ""

    @property
    def is_live(self) -> bool:
        """Open; or made and waiting at the pass, with something on it to serve or to be told of."""
        if self.status is TicketStatus.BUMPED and self.awaits_expo:
            return bool(self.unseen) or any(line.status is ItemStatus.READY for line in self.lines)
        return self.status is TicketStatus.OPEN

    @property
    def unseen(self) -> tuple[TicketChange, ...]:
        """Changes that nobody in the kitchen has seen."""
        return tuple([change for change in self.changes if change.seen_at is None])

    @property
    def is_pending(self) -> bool:
        """Whether anything on it is still to be made."""
        return any(line.is_pending for line in self.lines)

    def line(self, line_id: str) -> TicketLine | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def line_of(self, check_id: str, line_id: str) -> TicketLine | None:
        """The line, if it goes to that check. Lines move, and a device may use the id again on the check that they left."""
        line = self.line(line_id)
        return line if line is not None and (line.check_id or self.check_id) == check_id else None


class CheckTickets(Aggregate, frozen=True):
    """The tickets on which lines of a check stand, by its id: `live` and `done`, each in the order in which they became so."""

    live: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


class StationLog(Aggregate, frozen=True):
    """The tickets that a station was done with last, the newest at the end: what a recall without an id brings back."""

    recent: tuple[str, ...] = ()
