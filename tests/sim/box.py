"""A simulated box: the shipped command executor over a simulated disk, and its link.

What lives here: power, processes and clock of one machine. It hands requests to `Site`, entries to its link, and knows the meaning of
neither. Which box serves a site, and when it is replaced, is decided in place.py.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from edge.app.epochs import epoch_beginnings
from edge.app.fence import Fence
from edge.app.ports import CommitUnknownError, StorageFullError
from edge.app.retention import Retention, aged_before, first_younger, trimmable
from edge.app.site import BOX, HUB, BoxIdentity, Device, Outcome, RefusedCommand, Request, Site
from shared.domain.check import Check
from shared.domain.check.books import DAY, DayBook
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu import menu_version
from shared.domain.site import AcceptClock, ApplyMenu
from shared.protocol.entry import START, Position, StoredEntry, decode_entry
from shared.protocol.envelope import SiteCommand
from shared.protocol.session import BoxState, HandIn, HandInResult, Submit
from shared.protocol.subjects import Address
from tests.sim.claims import Granted
from tests.sim.desk import Book, desk_of
from tests.sim.hub import Hub, wait_for
from tests.sim.link import Link
from tests.sim.lying import LyingDisk
from tests.sim.menu import MENU
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler
from tests.sim.store import Disk, PowerCut, SimStore

__all__ = ["Box", "Owner"]

_EVENING = datetime(2026, 10, 25, 1, 55, tzinfo=UTC)  # in Berlin the clocks have just gone back, and the day is about to turn
_GROUP_DELAY_S = 0.002
_WAKE_S = 3.0  # seconds from power to service
_DAY_S = 86_400.0
_DISK_TROUBLE = (StorageFullError, CommitUnknownError)
_MENU_VERSION, _MENU_BYTES = menu_version(MENU), msgspec.json.encode(MENU)


class Owner(Protocol):
    """Who is told what becomes of a box."""

    def told_watermark(self, box: "Box", position: Position, incarnation: str) -> None: ...

    def told_alarm(self, box: "Box", code: str, detail: str) -> None: ...

    def not_played(self, box: "Box", command: str, code: str) -> None: ...

    def lost_by_lie(self, box: "Box", entries: int) -> None: ...

    def let_go(self, box: "Box", begins: Position) -> None: ...


class Box:
    """One machine under one claim: its disk, its API process and its link."""

    def __init__(
        self, name: str, address: Address, claim: Granted, disk: LyingDisk, owner: Owner, hub: Hub, scheduler: Scheduler, profile: Profile
    ) -> None:
        self.name = name
        self.address = address
        self.epoch = claim.epoch
        self.key = f"U-{name}"
        self.disk = disk
        self.is_up = False
        self.is_healthy = False
        self.is_recovering = False
        self.is_taken_away = False
        self.is_scrapped = False  # nobody will ever switch it on again
        self.cloud = 0  # what its link has last told it of the watermark
        self.backed_up = 0  # and of the backups of the hub
        self.identity = BoxIdentity(
            org_id=address.org_id,
            site_id=address.site_id,
            epoch=claim.epoch,
            currency="EUR",
            time_zone="Europe/Berlin",
            cut_over_minutes=180,
        )
        self.fence = self._fence_of(claim)
        self.kept = START  # how far the hub keeps the branch of this box, once it is fenced
        self._claim = claim
        self._kept_fence = ""
        self._epoch_begins: tuple[Position, ...] = ()
        self.link = Link(name, address, claim, self.key, self, hub, scheduler, profile)
        self._owner = owner
        self._scheduler = scheduler
        self._profile = profile
        self._clock_offset = timedelta()
        self._inbox: list[tuple[Request, Callable[[Outcome], None]]] = []
        self._book = Book(lambda command, code: owner.not_played(self, command, code))
        self._life = 0  # counts boots, so that what an earlier life had planned is not done

    def clock(self) -> datetime:
        return _EVENING + timedelta(seconds=self._scheduler.now) + self._clock_offset

    # --- power ---

    def boot(self) -> None:
        if self.is_scrapped or self.is_taken_away or self.is_up:
            return
        self._life += 1
        self.cloud, self._epoch_begins = 0, ()
        self._set_clock()
        try:
            self.store = SimStore(self.disk, self._hazard, self._settle)
            self.site = Site(self.identity, self.store, self.clock)
            self._set_up()
        except PowerCut:
            self.cut_power("while it started")
            return
        self.is_up = True
        self.fence = self._fence_of(self._claim)
        if self._kept_fence:
            self.fence.restore(self._kept_fence)
        self._desk = desk_of(self._execute, self.store, self._book, self.clock)
        self._desk.is_collecting = self.is_recovering
        self._scheduler.note(f"{self.name}: up at {self.head.sequence}")
        self.start_link()
        if self._profile.retention_s:
            self._let_go_later(self._life)

    @property
    def life(self) -> int:
        """Which boot this is."""
        return self._life

    def _fence_of(self, claim: Granted) -> Fence:
        fence = Fence(self.identity, claim.token, claim.read if claim.token else None)
        fence.is_recovering = self.is_recovering
        return fence

    def _set_clock(self) -> None:
        if self.is_healthy:
            self._clock_offset = timedelta()
        elif self._scheduler.chance(0.5):
            low, high = -self._profile.clock_back_s, self._profile.clock_ahead_s
            self._clock_offset = timedelta(seconds=self._scheduler.rng.uniform(low, high))

    def _set_up(self) -> None:
        """Begin the epoch and put the menu in force, until both are done; each may fail on a bad disk."""
        for _ in range(1_000):
            try:
                self.site.start()
                self.site.put_menu(_MENU_VERSION, _MENU_BYTES)
                if self.site.state.menu_version == _MENU_VERSION:
                    return
                body = msgspec.Raw(msgspec.json.encode(ApplyMenu(version=_MENU_VERSION)))
                id = derived_id(self.address.site_id, "menu", _MENU_VERSION, self.epoch)
                self.site.execute([Request(device=BOX, commands=(Submit(id=id, command=body),))])
            except _DISK_TROUBLE:
                self.site.recover()
            except Refused as error:
                if error.code not in {"commit.unknown", "storage.full"}:
                    raise
        raise AssertionError("the box could not be set up")

    def cut_power(self, why: str) -> None:
        if not self.is_up and self._life == 0:
            return
        self._scheduler.note(f"{self.name}: power cut {why}")
        self.is_up = False
        self._life += 1
        self.link.stop()
        self._inbox.clear()
        self._settle(self.disk)
        lost = self.disk.lose_cache(self._scheduler.rng.random()) if self.disk.is_lying else 0
        if lost:
            self._scheduler.note(f"{self.name}: its disk had lied; {lost} entries are gone")
            self._owner.lost_by_lie(self, lost)
        self._scheduler.after(_WAKE_S, self.boot)

    def take_away(self, back_after_s: float) -> None:
        """It is switched off, and somebody finds it later and plugs it in again."""
        self.is_taken_away = True
        if self.is_up:
            self.cut_power("and taken away")

        def come_back() -> None:
            self.is_taken_away = False
            self._scheduler.note(f"{self.name}: somebody has plugged it in again")
            self.boot()

        self._scheduler.after(back_after_s, come_back)

    def scrap(self) -> None:
        """It is out of order for good."""
        self.is_scrapped = True
        if self.is_up:
            self.cut_power("for good")

    def _settle(self, disk: Disk) -> None:
        """What becomes of frames that were written and not synced: kept, lost or torn, as the disk pleases."""
        rng = self._scheduler.rng
        kept = rng.randint(0, len(disk.unsynced))
        torn_at = rng.randint(0, 200) if rng.random() < 0.5 else None
        disk.lose(kept, torn_at)

    def _hazard(self, stage: str) -> None:
        if self.is_healthy:
            return
        chance, profile = self._scheduler.chance, self._profile
        if chance(profile.power_cut_in_commit / 3):
            raise PowerCut
        if stage == "write" and chance(profile.disk_full):
            raise StorageFullError("simulated")
        if stage in ("sync", "done") and chance(profile.commit_unknown / 2):
            raise CommitUnknownError("simulated")

    # --- commands ---

    def receive(self, request: Request, reply: Callable[[Outcome], None]) -> None:
        if not self.is_up:
            return
        try:
            self.fence.ensure_open()
        except Refused as error:
            reply(RefusedCommand(error=error))
            return
        self._inbox.append((request, reply))
        if len(self._inbox) == 1:
            life = self._life
            self._scheduler.after(_GROUP_DELAY_S, lambda: self._write() if life == self._life else None)

    def _write(self) -> None:
        group, self._inbox = self._inbox, []
        try:
            outcomes, committed = self.site.execute([request for request, _ in group])
        except PowerCut:
            self.cut_power("in a commit")
            return
        if committed is not None:
            self._scheduler.note(f"{self.name}: committed up to {committed.head.sequence}")
            self.link.feed()
        for (_, reply), outcome in zip(group, outcomes, strict=True):
            reply(outcome)

    # --- what tablets hold ---

    def hand_in(self, device: Device, said: HandIn, reply: Callable[[tuple[HandInResult, ...]], None]) -> None:
        """A tablet gives what it was told is accepted."""
        if not self.is_up or self.fence.is_fenced:
            return
        try:
            results = wait_for(self._desk.take(device, said)).results
        except Refused as error:  # it passes, and the tablet hands in again
            self._scheduler.note(f"{self.name}: takes no hand-in: {error.code}")
            if error.code == "clock.behind" and not self.is_recovering:
                self._accept_clock()
            return
        except PowerCut:
            self.cut_power("while it played what a tablet held")
            return
        self._scheduler.note(f"{self.name}: handed in and {dict(Counter(f'{each.outcome} {each.code}'.strip() for each in results))}")
        self.link.feed()
        reply(results)

    def finish_recovery(self, tablets: int, is_late: bool) -> None:
        """Once all tablets have handed in, or it is late: play what was collected, and sell."""
        if not self.is_up or not (is_late or self._desk.complete >= tablets):
            return
        try:
            while wait_for(self._desk.play_next()):
                pass
        except Refused as error:
            self._scheduler.note(f"{self.name}: cannot play yet: {error.code}")
            if error.code == "clock.behind":
                self._accept_clock()
            return
        except PowerCut:
            self.cut_power("while it played what tablets held")
            return
        self.is_recovering = self.fence.is_recovering = self._desk.is_collecting = False
        self._scheduler.note(f"{self.name}: has played what tablets held, and sells")
        self.link.feed()

    def _accept_clock(self) -> None:
        """Somebody is told by the box, and knows that its clock is right, though the last entry is later (for a replacement
        `comanda edge restore --accept-clock`)."""
        body = msgspec.Raw(msgspec.json.encode(AcceptClock(reason="restored")))
        id = derived_id(self.address.site_id, "clock", str(self.head.sequence), self.epoch)
        try:
            self.site.execute([Request(device=BOX, commands=(Submit(id=id, command=body),))])
        except PowerCut:
            self.cut_power("while its clock was accepted")

    def _execute(self, request: Request) -> Outcome:
        return self.site.execute([request])[0][0]

    # --- commands of the hub ---

    def told_commands(self, commands: Sequence[SiteCommand]) -> dict[str, str]:
        """As edge/api/hub_commands.py carries them out; codes of those that were refused."""
        refused: dict[str, str] = {}
        for command in commands if self.is_up and self.fence.is_open else ():
            submit = Submit(id=command.id, command=msgspec.Raw(command.command))
            try:
                outcomes, committed = self.site.execute([Request(device=HUB, commands=(submit,))])
            except PowerCut:
                self.cut_power("while it carried out a command of the hub")
                return {}
            [outcome] = outcomes
            if not isinstance(outcome, RefusedCommand):
                self._scheduler.note(f"{self.name}: carried out {command.id}")
            elif outcome.error.code not in {"commit.unknown", "storage.full"}:
                self._scheduler.note(f"{self.name}: would not: {outcome.error.code} {command.id}")
                refused[command.id] = outcome.error.code
            if committed is not None:
                self.link.feed()
        return refused

    # --- the fence ---

    def show_claim(self, token: str) -> None:
        """A tablet has met a box of a higher epoch."""
        if not self.is_up:
            return
        try:
            self._fenced_by(self.fence.believe(token))
        except Refused as error:
            self._scheduler.note(f"{self.name}: does not believe it: {error.code}")
            return
        self.link.shown_claim(token)

    def told_fenced(self, epoch: int, token: str, kept: Position) -> None:
        self.kept = kept
        self._fenced_by(self.fence.obey(epoch, token))

    def _fenced_by(self, is_news: bool) -> None:
        if is_news:
            self._kept_fence = self.fence.kept
            self._scheduler.note(f"{self.name}: fenced by epoch {self.fence.state.fenced_epoch}")

    @property
    def state(self) -> BoxState:
        return self.fence.state

    # --- letting go of old entries ---

    def told_backed_up(self, sequence: int) -> None:
        self.backed_up = sequence

    def _let_go_later(self, life: int) -> None:
        def let_go() -> None:
            if life == self._life:
                self._let_go()
                self._let_go_later(life)

        self._scheduler.after(self._scheduler.rng.uniform(0.2, 1) * self._profile.retention_s, let_go)

    def _let_go(self) -> None:
        """By the shipped policy; what is asked of a box for it is as in edge/main.py."""

        async def written_at(sequence: int) -> datetime | None:
            found = self.store.entries(sequence - 1, 1)
            return decode_entry(found[0].entry).at if found else None

        async def limit() -> int:
            if self.fence.is_fenced:
                return 0
            than = aged_before(self.clock(), self._profile.retention_s / _DAY_S)
            aged = await first_younger(written_at, self.begins.sequence, self.head.sequence, than) - 1
            return trimmable(in_cloud=self.cloud, backed_up=self.backed_up, aged=aged)

        async def trim(through: int) -> Position:
            return self.store.trim(through)

        async def no_pause(seconds: float) -> None:
            pass

        before = self.begins
        try:
            wait_for(Retention(limit, trim, no_pause).round())
        except PowerCut:
            self.cut_power("while it let go of old entries")
            return
        except _DISK_TROUBLE:
            self.site.recover()
        if self.begins != before:
            self._scheduler.note(f"{self.name}: let go of entries {before.sequence + 1} to {self.begins.sequence}")
            self._owner.let_go(self, self.begins)

    # --- what others see of it ---

    @property
    def head(self) -> Position:
        return self.site.head

    def read(self, after_sequence: int, limit: int) -> Sequence[StoredEntry]:
        return self.store.entries(after_sequence, limit)

    @property
    def begins(self) -> Position:
        return self.store.begins()

    @property
    def epoch_begins(self) -> tuple[Position, ...]:
        """As edge/api/state.py looks it up, once in a life."""

        async def entry(sequence: int) -> StoredEntry | None:
            found = self.store.entries(sequence - 1, 1) if sequence > self.begins.sequence else []
            return found[0] if found else None

        if not self._epoch_begins and self.head.epoch >= self.epoch:
            self._epoch_begins = wait_for(epoch_beginnings(entry, self.begins, self.head))
        return self._epoch_begins

    def is_trimmed(self, position: Position) -> bool:
        """Whether a follower at this position is behind the checkpoint: what it lacks is not on this box."""
        return position.sequence < self.begins.sequence

    def holds(self, position: Position) -> bool:
        """Whether a follower at this position can go on: the rule of the feed."""
        if position == self.begins:
            return True
        if self.is_trimmed(position):
            return False
        found = self.store.entries(position.sequence - 1, 1) if position.sequence <= self.head.sequence else []
        return bool(found) and found[0].position == position

    def open_tickets(self) -> list[Ticket]:
        """What a kitchen screen shows."""
        if not self.is_up:
            return []
        live = [row.state for (kind, _), row in self.store.aggregates.items() if kind == "ticket" and row.is_live]
        return [msgspec.json.decode(state, type=Ticket) for state in live]

    def checks(self, after_sequence: int = 0) -> list[Check]:
        """The checks that have changed after a sequence."""
        found = self.store.aggregates.items()
        return [
            msgspec.json.decode(row.state, type=Check)
            for (kind, _), row in found
            if kind == "check" and row.updated_sequence > after_sequence
        ]

    def books(self) -> list[DayBook]:
        """The books of every business date."""
        return [msgspec.json.decode(row.state, type=DayBook) for (kind, _), row in self.store.aggregates.items() if kind == DAY]

    # --- the link ---

    def start_link(self) -> None:
        """A new process, whose attempts begin at the clock as they do in edge/link/main.py."""
        self.link.start(int(self.clock().timestamp() * 1000))

    def crash_link(self) -> None:
        if self.is_up:
            self._scheduler.note(f"{self.name}: the link crashed")
            self.start_link()

    def told_watermark(self, position: Position, incarnation: str) -> None:
        """As edge/api/link.py takes it: what is no position of this journal is not shown as in the cloud, but as an alarm."""
        if not self.holds(position) and not self.is_trimmed(position):
            self._owner.told_alarm(
                self, "feed.ahead" if position.sequence > self.head.sequence else "feed.fork", f"the hub stands at {position}"
            )
            return
        self.cloud = position.sequence
        self._owner.told_watermark(self, position, incarnation)

    def told_alarm(self, code: str, detail: str) -> None:
        self._owner.told_alarm(self, code, detail)
