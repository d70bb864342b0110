"""The site's command executor: decides a group of requests and commits them together.

What lives here: idempotency by command id, atomic batches, the turn of the business day, the building of entries, and what
happens when a commit fails. Threads, HTTP and SQL are not known here; time comes in through a port. The simulator runs
this very class.

One group is one transaction of the store. Each request is decided on an overlay (`Draft`) of the group's overlay, so that a
refused one leaves nothing behind, and each batch is accepted as a whole or not at all.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from edge.app.cache import StateCache
from edge.app.identity import BoxIdentity
from edge.app.ports import AggregateRow, CommandRecord, CommitUnknownError, StorageFullError, Store, Write
from edge.app.trial import Trial
from shared.domain.adopting import AdoptOrphan, OrphanAdopted, orphan_digest
from shared.domain.errors import Refused
from shared.domain.ids import derived_id, is_id
from shared.domain.kernel import Aggregate, Command, Context, Key, Meta
from shared.domain.menu import EMPTY_MENU, Menu, decode_menu
from shared.domain.menu.schedule import ApplyScheduledMenu, ScheduleMenu, due_menu
from shared.domain.registry import AGGREGATES, ROLES, booking_date, decide, decode_command, evolve
from shared.domain.site import AcceptClock, ApplyMenu, ScheduledMenu, SiteState, StartEpoch, TurnBusinessDay, site_of, today
from shared.domain.text import ensure_text
from shared.limits import (
    ADOPT_BYTES_MAX,
    AGGREGATES_CACHED_BYTES_MAX,
    AGGREGATES_CACHED_MAX,
    COMMAND_BYTES_MAX,
    ENTRY_BYTES_MAX,
    EVENTS_PER_COMMAND_MAX,
    ID_LENGTH_MAX,
)  # fmt: skip
from shared.protocol.entry import Entry, Position, StoredEntry, decode_entry, encode_entry, entry_hash
from shared.protocol.session import Accepted, AcceptedEvent, Submit

__all__ = ["BOX", "HUB", "BoxIdentity", "Committed", "Device", "Outcome", "RefusedCommand", "Request", "Site"]

A = TypeVar("A", bound=Aggregate)


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a paired device, or the box itself."""

    device_id: str
    permissions: frozenset[str]


BOX = Device(device_id="box", permissions=ROLES["box"] | ROLES["manager"])
HUB = Device(device_id="hub", permissions=ROLES["hub"])


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Commands of one device that are accepted together or not at all. One without commands only lets happen what time has brought:
    a scheduled menu whose hour has come.

    `at` is set for commands that are played: a box that is no more has acknowledged them then (UTC). They are decided as at that time.
    """

    device: Device
    commands: tuple[Submit, ...]
    at: datetime | None = None


class RefusedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not accepted, and which of its commands (index) was at fault; None if none was."""

    error: Refused
    index: int | None = None


Outcome = tuple[Accepted, ...] | RefusedCommand


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What a group has put on disk, for the feed. `sequences` are those of the last entry that changed each aggregate."""

    head: Position
    entries: tuple[StoredEntry, ...]
    changes: dict[Key, Aggregate]
    sequences: dict[Key, int] = {}


class Site:
    """One site's journal under one writer. Not thread-safe: one thread owns it (DESIGN.md, One writer)."""

    def __init__(self, identity: BoxIdentity, store: Store, now: Callable[[], datetime]) -> None:
        """`now` gives aware UTC times.

        Raises Refused `epoch.behind` when the journal is under a higher claim than the box, `journal.foreign` when it is
        another site's.
        """
        self._identity = identity
        self._store = store
        self._now = now
        self._zone = ZoneInfo(identity.time_zone)
        self._cache = StateCache(AGGREGATES_CACHED_MAX, AGGREGATES_CACHED_BYTES_MAX)
        self._menus: dict[str, Menu] = {"": EMPTY_MENU}
        self._known: dict[str, CommandRecord] = {}  # of the commands of the group being decided, those accepted before
        head = store.head()
        self._head, self._head_at = head.position, head.at
        self._unsettled: Trial | None = None  # a group whose commit was begun and of which nobody knows yet what became
        self._ensure_own_journal()
        if self.state.epoch > identity.epoch:
            raise Refused("epoch.behind", f"The journal is at epoch {self.state.epoch}, this box claims {identity.epoch}.")

    def _ensure_own_journal(self) -> None:
        for stored in self._store.entries(self._head.sequence - 1, 1) if self._head.sequence else []:
            entry = decode_entry(stored.entry)
            if (entry.org, entry.site) != (self._identity.org_id, self._identity.site_id):
                detail = f"The journal is that of site {entry.site}, this box serves {self._identity.site_id}."
                raise Refused("journal.foreign", detail)

    @property
    def head(self) -> Position:
        return self._head

    @property
    def state(self) -> SiteState:
        return site_of(self)

    @property
    def menu(self) -> tuple[str, Menu]:
        """(version, menu) in force."""
        version = self.state.menu_version
        return version, self._menu(version)

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        """An aggregate as committed, from memory or the store (the `View` of the domain)."""
        key = (kind, id)
        found = self._cache.get(key)
        if found is None:
            state = self._store.load(kind, id)
            if state is None:
                return None
            found = msgspec.json.decode(state, type=AGGREGATES[kind])
            self._cache.put(key, found, len(state))
        assert isinstance(found, cls)
        return found

    def start(self) -> Committed | None:
        """Begin the epoch of this box if it has not begun: the first entry it writes. None if it has."""
        identity = self._identity
        if self.state.epoch == identity.epoch:
            return None
        command = StartEpoch(currency=identity.currency, time_zone=identity.time_zone, cut_over_minutes=identity.cut_over_minutes)
        id = self._own_id(Trial(self, self._head, self._head_at), "epoch", identity.epoch)
        body = msgspec.Raw(msgspec.json.encode(command))
        outcomes, committed = self.execute([Request(device=BOX, commands=(Submit(id=id, command=body),))])
        if isinstance(outcomes[0], RefusedCommand):
            raise outcomes[0].error
        return committed

    def _own_id(self, trial: Trial, *key: str | int) -> str:
        """The id of a command of the box itself: the same for the same `key`, whatever a device has used it for before."""
        id = derived_id(self._identity.site_id, *key)
        if trial.find_command(id) or self._store.find_commands([id]):
            id = derived_id(self._identity.site_id, *key, trial.head.hash.hex())  # which nobody can have known beforehand
        return id

    def put_menu(self, version: str, document: bytes) -> None:
        """Keep a menu document so that ApplyMenu can put it in force."""
        self._store.put_document(version, "menu", document)

    # --- a group -------------------------------------------------------------------------------

    def execute(self, requests: Sequence[Request]) -> tuple[list[Outcome], Committed | None]:
        """Decide the requests one after the other and commit what is accepted, in one transaction.

        Returns an outcome for each request and what was committed (None if nothing was new). If the commit fails the
        file is reopened and the state read anew; then every request of the group, since each was decided on top of the
        others, is answered `storage.full` when the journal is known not to hold it, else `commit.unknown`; if the group is
        found on disk after all, it is returned as committed, for followers must not miss it.
        """
        group = Trial(self, self._head, self._head_at)
        self._known = self._store.find_commands({submit.id for request in requests for submit in request.commands if is_id(submit.id)})
        outcomes: list[Outcome] = []
        for request in requests:
            trial = group.fork()
            outcome = self._decide_request(request, trial)
            if isinstance(outcome, tuple):
                group.merge(trial)
            outcomes.append(outcome)
        if not group.entries:
            return outcomes, None
        self._unsettled = group
        try:
            self._store.commit(self._write_of(group))
        except (StorageFullError, CommitUnknownError) as error:
            committed = self.recover()
            if isinstance(error, StorageFullError) and committed is None:
                refusal = Refused("storage.full", "The disk of the box is full; nothing was written.")
            else:
                refusal = Refused("commit.unknown", "The box cannot say whether the command is on disk.")
            return [RefusedCommand(error=refusal)] * len(requests), committed
        return outcomes, self._settle(group)

    def play(self, device: Device, submit: Submit, at: datetime) -> Outcome:
        """Decide a command that another box of this site acknowledged at `at` (UTC), under the same id, as at that time, so that prices
        are those that were told; no earlier than the journal's end and no later than the clock."""
        return self.execute([Request(device=device, commands=(submit,), at=at)])[0][0]

    def _time_of(self, request: Request, trial: Trial) -> datetime:
        """As at which time a request is decided."""
        now = self._now()
        if request.at is None:
            return now
        return min(now, request.at if trial.head_at is None else max(request.at, trial.head_at))

    def rehearse(self, request: Request) -> Outcome:
        """What the request would be answered now; nothing of it is kept."""
        self._known = self._store.find_commands({submit.id for submit in request.commands if is_id(submit.id)})
        return self._decide_request(request, Trial(self, self._head, self._head_at))

    def answer(self, command_id: str) -> Accepted | None:
        """The first answer of a command that was accepted; None for one that is not known."""
        record = self._store.find_commands([command_id]).get(command_id)
        return None if record is None else self._first_answer(record, Trial(self, self._head, self._head_at))

    def recover(self) -> Committed | None:
        """Reopen the store and read the state anew, as after a failed commit.

        Returns the group whose commit came through although it failed, for the feed; None if it did not. Raises as the store
        does while it cannot be opened, and CommitUnknownError for a journal that ends where no group of ours did.
        """
        self._cache.clear()
        self._store.reopen()
        head = self._store.head().position
        group, self._unsettled = self._unsettled, None
        if group is not None and head == group.head:
            return self._settle(group)
        if head != self._head:
            raise CommitUnknownError(f"the journal ends at {head}, though it was left at {self._head}")
        return None

    def _settle(self, group: Trial) -> Committed:
        """The group is on disk."""
        self._unsettled = None
        self._head, self._head_at = group.head, group.head_at
        for key, aggregate in group.draft.changes.items():
            self._cache.put(key, aggregate, group.sizes[key])
        entries = tuple(stored for stored, _ in group.entries)
        return Committed(head=self._head, entries=entries, changes=group.draft.changes, sequences=group.touched)

    def _decide_request(self, request: Request, trial: Trial) -> Outcome:
        if not request.commands:
            self._apply_due_menu(self._time_of(request, trial), trial)
        answers: list[Accepted] = []
        seen: set[str] = set()
        for index, submit in enumerate(request.commands):
            try:
                if submit.id in seen:
                    raise Refused("command.repeated_in_batch", f"The id {submit.id} stands twice in the batch.")
                seen.add(submit.id)
                answers.append(self._decide_command(request, submit, trial))
            except Refused as error:
                return RefusedCommand(error=error, index=index)
        return tuple(answers)

    def _decide_command(self, request: Request, submit: Submit, trial: Trial) -> Accepted:
        if not is_id(submit.id):
            raise Refused("id.malformed", f"The command id {submit.id!r} is no UUID in canonical lower-case form.")
        allowed = ADOPT_BYTES_MAX if "adopt" in request.device.permissions else COMMAND_BYTES_MAX
        if len(submit.command) > allowed:
            raise Refused("command.too_large", f"The command has {len(submit.command)} bytes; {allowed} are allowed.")
        if len(submit.actor_id) > ID_LENGTH_MAX:
            raise Refused("id.malformed", f"actor_id has {len(submit.actor_id)} characters; {ID_LENGTH_MAX} are allowed.")
        ensure_text(submit.actor_id)
        command = decode_command(submit.command)
        # An orphan is known by what the tablet once sent: one that sends it again gets its answer.
        is_orphan = isinstance(command, AdoptOrphan)
        digest = orphan_digest(command, submit.id) if is_orphan else hashlib.sha256(msgspec.json.encode(command)).hexdigest()
        record = trial.find_command(submit.id) or self._known.get(submit.id)
        if record is not None:
            if is_orphan and not self._is_adopted(record, trial):
                raise Refused("orphan.in_effect", f"The command {submit.id} has been accepted by this site already.")
            if record.digest != digest:
                raise Refused("command.id_reused", f"The id {submit.id} belongs to a different command.")
            return self._first_answer(record, trial)
        now = self._time_of(request, trial)
        if not isinstance(command, StartEpoch | TurnBusinessDay):
            self._turn_day(now, trial)
            if not isinstance(command, ApplyScheduledMenu):
                self._apply_due_menu(now, trial)
            if submit.id in trial.commands:
                raise Refused("command.id_reused", f"The id {submit.id} belongs to a command of the box.")
        return self._accept(request.device, submit.id, submit.actor_id, command, digest, now, trial)

    def _turn_day(self, now: datetime, trial: Trial) -> None:
        """Let the business date turn first, by a command of the box: see TurnBusinessDay."""
        state = site_of(trial.draft)
        date = today(state, now, self._zone)
        if state.epoch and date > state.business_date:
            self._say(TurnBusinessDay(business_date=date), self._own_id(trial, "day", date), now, trial)

    def _apply_due_menu(self, now: datetime, trial: Trial) -> None:
        """Let the menu whose time has come be in force first, by a command of the box: see ApplyScheduledMenu."""
        state = site_of(trial.draft)
        if not state.scheduled:
            return
        due = self.due_menu(state, now)
        if due is not None and state.epoch:
            self._turn_day(now, trial)
            command = ApplyScheduledMenu(version=due.version, effective_at=due.effective_at)
            self._say(command, self._own_id(trial, "menu", due.effective_at.isoformat(), due.version), now, trial)

    def due_menu(self, state: SiteState, now: datetime) -> ScheduledMenu | None:
        """The scheduled menu that is to be put in force at `now` (UTC). One that this box does not hold, or that is in another
        currency, waits: the site goes on selling from the menu it has."""
        due = due_menu(state, now.astimezone(self._zone).replace(tzinfo=None))
        return due if due is not None and self._menu(due.version).currency == state.currency else None

    def _say(self, command: Command, id: str, now: datetime, trial: Trial) -> None:
        """A command of the box itself."""
        self._accept(BOX, id, "", command, hashlib.sha256(msgspec.json.encode(command)).hexdigest(), now, trial)

    def _accept(
        self, device: Device, command_id: str, actor_id: str, command: Command, digest: str, now: datetime, trial: Trial
    ) -> Accepted:
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        state = site_of(trial.draft)
        version = command.version if isinstance(command, ApplyMenu | ScheduleMenu | ApplyScheduledMenu) else state.menu_version
        menu = self._menu(version)
        context = Context(
            command_id=command_id, now=now, today=today(state, now, self._zone), head_at=trial.head_at, epoch=self._identity.epoch,
            site_id=self._identity.site_id, org_id=self._identity.org_id, zone=self._zone, cut_over_minutes=state.cut_over_minutes,
            currency=state.currency, menu=menu, menu_version="" if menu is EMPTY_MENU else version, device_id=device.device_id,
            actor_id=actor_id, permissions=device.permissions,
        )  # fmt: skip
        events = decide(trial.draft, command, context)
        if len(events) > EVENTS_PER_COMMAND_MAX:
            raise Refused("command.too_large", f"The command would make {len(events)} entries; {EVENTS_PER_COMMAND_MAX} are allowed.")
        # While the clock is behind, entries stand at the time of the last: else the first of them would make it the right one,
        # and the next check would open without a manager, at a time and perhaps on a date that is wrong.
        at = now if trial.head_at is None or isinstance(command, AcceptClock) else max(now, trial.head_at)
        first, made = trial.head.sequence + 1, len(trial.entries)
        for ordinal, event in enumerate(events):
            sequence = trial.head.sequence + 1
            meta = Meta(
                at=at, date=booking_date(trial.draft, event, context.today), command_id=command_id, ordinal=ordinal,
                epoch=self._identity.epoch, sequence=sequence, device_id=device.device_id, actor_id=actor_id,
            )  # fmt: skip
            changes = evolve(trial.draft, event, meta)
            entry = Entry(
                org=self._identity.org_id, site=self._identity.site_id, epoch=meta.epoch, sequence=sequence, at=at, date=meta.date,
                command=command_id, ordinal=ordinal, of=len(events), event=msgspec.Raw(msgspec.json.encode(event)),
                device=device.device_id, actor=actor_id, digest=digest if ordinal == 0 else "",
            )  # fmt: skip
            data = encode_entry(entry)
            if len(data) > ENTRY_BYTES_MAX:  # it would fit no message: the site's link would stand still before it for ever
                raise Refused("command.too_large", f"{type(event).__name__} has {len(data)} bytes; {ENTRY_BYTES_MAX} are allowed.")
            stored = StoredEntry(meta.epoch, sequence, entry_hash(trial.head.hash, data), data)
            trial.entries.append((stored, entry))
            trial.draft.put(changes)
            trial.touched.update(dict.fromkeys(changes, sequence))
            trial.head, trial.head_at = stored.position, at
        trial.commands[command_id] = CommandRecord(command_id, digest, first, len(events))
        return answer_of(trial.entries[made:])

    def _first_answer(self, record: CommandRecord, trial: Trial) -> Accepted:
        """The answer that the command got when it was accepted, made again from its entries."""
        return answer_of(self._entries_of(record, trial))

    def _is_adopted(self, record: CommandRecord, trial: Trial) -> bool:
        return self._entries_of(record, trial)[0][1].device == HUB.device_id

    def _entries_of(self, record: CommandRecord, trial: Trial) -> list[tuple[StoredEntry, Entry]]:
        fresh = trial.entries_of(record)
        if fresh:
            return fresh
        stored = self._store.entries(record.first_sequence - 1, record.count)
        if not stored or stored[0].sequence != record.first_sequence:
            raise Refused(
                "command.forgotten", f"The command was accepted at sequence {record.first_sequence}, which is no longer on the box."
            )
        return [(entry, decode_entry(entry.entry)) for entry in stored]

    def _write_of(self, group: Trial) -> Write:
        rows = {
            key: AggregateRow(msgspec.json.encode(aggregate), aggregate.is_live, group.touched[key])
            for key, aggregate in group.draft.changes.items()
        }
        group.sizes = {key: len(row.state) for key, row in rows.items()}
        assert group.head_at is not None
        return Write(
            entries=[stored for stored, _ in group.entries],
            commands=list(group.commands.values()),
            aggregates=rows,
            at=group.head_at,
        )

    def _menu(self, version: str) -> Menu:
        """The menu of that version, or EMPTY_MENU if the box does not hold it."""
        found = self._menus.get(version)
        if found is None:
            document = self._store.document(version)
            if document is None:
                return EMPTY_MENU
            found = decode_menu(document)
            if len(self._menus) > _MENUS_CACHED:
                self._menus = {"": EMPTY_MENU}
            self._menus[version] = found
        return found


_MENUS_CACHED = 8  # decoded menus: the one in force, the next, and a few before


def answer_of(entries: Sequence[tuple[StoredEntry, Entry]]) -> Accepted:
    """The answer to a command: a pure function of its entries, so the first answer can be given again for ever (Law 3)."""
    stored, entry = entries[-1]
    if entry.device == HUB.device_id:
        return _answer_of_adopted(entries)
    return Accepted(
        command_id=entry.command,
        position=str(stored.position),
        at=entries[0][1].at,
        business_date=entries[0][1].date,
        events=tuple(AcceptedEvent(sequence=each.sequence, event=said.event) for each, said in entries),
    )


def _answer_of_adopted(entries: Sequence[tuple[StoredEntry, Entry]]) -> Accepted:
    """What the tablet would have been told by the box that was fenced, but for the places in the journal."""
    adopted = [msgspec.json.decode(said.event, type=OrphanAdopted) for _, said in entries]
    stored, entry = entries[-1]
    return Accepted(
        command_id=entry.command,
        position=str(stored.position),
        at=adopted[0].at,
        business_date=adopted[0].date,
        events=tuple(AcceptedEvent(sequence=each.sequence, event=said.event) for (each, _), said in zip(entries, adopted, strict=True)),
    )
