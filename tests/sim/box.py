"""A simulated box: the real command executor over a simulated disk, and the real sender as its link.

What lives here: power, processes and clocks of one site. It hands requests to `Site`, entries to `Sender`, and knows the
meaning of neither.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from edge.app.ports import CommitUnknownError, StorageFullError
from edge.app.site import BOX, BoxIdentity, Outcome, Request, Site
from shared import limits
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu import Menu, menu_version
from shared.domain.site import ApplyMenu
from shared.protocol.entry import START
from shared.protocol.envelope import decode_answer
from shared.protocol.sender import Action, Alarm, Follow, Identity, Phase, Publish, Sender, Watermark
from shared.protocol.session import Submit
from tests.sim.auditor import Auditor
from tests.sim.hub import Hub, sign
from tests.sim.network import Network
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler
from tests.sim.store import Disk, PowerCut, SimStore

__all__ = ["Box"]

ORG = derived_id("sim", "org")
_EVENING = datetime(2026, 10, 25, 1, 55, tzinfo=UTC)  # in Berlin the clocks have just gone back, and the day is about to turn
_GROUP_DELAY_S = 0.002
_WAKE_S = 3.0  # seconds from power to service
_PAGE = 50  # entries the link reads at once


class Box:
    """One site: its disk, its API process and its link."""

    def __init__(self, name: str, scheduler: Scheduler, profile: Profile, menu: Menu, hub: Hub, auditor: Auditor) -> None:
        self.name = name
        self.site_id = derived_id("sim", name)
        self.disk = Disk()
        self.wan = Network(scheduler, f"{name} wan", profile.wan_loss, profile.wan_doubling, profile.wan_delay_s)
        self.is_up = False
        self.is_healthy = False
        self.sender: Sender | None = None
        self._scheduler = scheduler
        self._profile = profile
        self._menu = menu
        self._hub = hub
        self._auditor = auditor
        self._clock_offset = timedelta()
        self._inbox: list[tuple[Request, Callable[[Outcome], None]]] = []
        self._life = 0  # counts boots, so that what an earlier life had planned is not done
        self._link_life = 0
        self._attempts = 1
        self._follows: int | None = None

    def clock(self) -> datetime:
        return _EVENING + timedelta(seconds=self._scheduler.now) + self._clock_offset

    # --- power ---

    def boot(self) -> None:
        self._life += 1
        if not self.is_healthy and self._scheduler.chance(0.5):
            self._clock_offset = timedelta(seconds=-self._scheduler.rng.uniform(0, self._profile.clock_back_s))
        try:
            self.store = SimStore(self.disk, self._hazard, self._settle)
            identity = BoxIdentity(
                org_id=ORG, site_id=self.site_id, epoch=1, currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=180
            )
            self.site = Site(identity, self.store, self.clock)
            self._set_up()
        except PowerCut:
            self.cut_power("while it started")
            return
        self.is_up = True
        self._scheduler.note(f"{self.name}: up at {self.store.head().position.sequence}")
        self._start_link()

    def _set_up(self) -> None:
        """Begin the epoch and put the menu in force, until both are done; each may fail on a bad disk."""
        version = menu_version(self._menu)
        for _ in range(1_000):
            try:
                self.site.start()
                self.site.put_menu(version, msgspec.json.encode(self._menu))
                if self.site.state.menu_version == version:
                    return
                apply = Submit(
                    id=derived_id(self.site_id, "menu", version), command=msgspec.Raw(msgspec.json.encode(ApplyMenu(version=version)))
                )
                self.site.execute([Request(device=BOX, commands=(apply,))])
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
        self._link_life += 1
        self.sender = None
        self._inbox.clear()
        self._settle(self.disk)
        self._scheduler.after(_WAKE_S, self.boot)

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
            self._feed()
        for (_, reply), outcome in zip(group, outcomes, strict=True):
            reply(outcome)

    def open_tickets(self) -> list[Ticket]:
        """What a kitchen screen shows."""
        if not self.is_up:
            return []
        live = [row.state for (kind, _), row in self.store.aggregates.items() if kind == "ticket" and row.is_live]
        return [msgspec.json.decode(state, type=Ticket) for state in live]

    # --- the link ---

    def crash_link(self) -> None:
        if self.is_up:
            self._scheduler.note(f"{self.name}: the link crashed")
            self._start_link()

    def _start_link(self) -> None:
        self._link_life += 1
        self._attempts += 1_000_000
        self._follows = None
        identity = Identity(org_id=ORG, site_id=self.site_id, epoch=1, key="key")
        self.sender = Sender(identity, sign, first_attempt=self._attempts)
        self._act(self.sender.connected(self._scheduler.now))
        self._tick(self._link_life)

    def _tick(self, life: int) -> None:
        if life == self._link_life and self.sender is not None:
            self._act(self.sender.tick(self._scheduler.now))
            self._feed()
            self._scheduler.after(1.0, lambda: self._tick(life))

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Publish(subject=subject, data=data):
                    self._publish(subject, data)
                case Follow(after=after):
                    held = (
                        self.store.entries(after.sequence - 1, 1)[0].position if 1 <= after.sequence <= self.site.head.sequence else START
                    )
                    self._auditor.expect(held == after, f"the hub holds {after}, which is not in the journal of {self.name}")
                    self._follows = after.sequence
                case Watermark(position=position, incarnation=incarnation):
                    self._auditor.told_in_cloud(self, position.sequence, position.hash, incarnation)
                case Alarm(code=code, detail=detail):
                    self._auditor.expect(not code, f"{self.name} calls a person without a reason: {code} {detail}")

    def _publish(self, subject: str, data: bytes) -> None:
        hub, life = self._hub, self._link_life
        take = hub.hello if subject.startswith("hello.") else hub.publish

        def answered(answer: bytes) -> None:
            if life == self._link_life and self.sender is not None:
                self._act(self.sender.answered(decode_answer(answer), self._scheduler.now))
                self._feed()

        self.wan.carry(subject[:7], lambda: take(data, lambda answer: self.wan.carry("answer", lambda: answered(answer))))

    def _feed(self) -> None:
        """The link reads what is committed, page by page, as long as the sender wants it."""
        while self.sender is not None and self._follows is not None and self.sender.wants_entries:
            page = self.store.entries(self._follows, min(_PAGE, self.site.head.sequence - self._follows))
            if not page:
                return
            self._follows += len(page)
            self._act(self.sender.entries(page, self._scheduler.now))

    def cut_wan(self, is_cut: bool) -> None:
        """Packets stop; sometimes the link notices and reconnects, sometimes it does not."""
        self._scheduler.note(f"{self.name}: wan {'cut' if is_cut else 'healed'}")
        self.wan.is_cut = is_cut
        now = self._scheduler.now
        if self.sender is not None and is_cut and self._scheduler.chance(0.5):
            self._act(self.sender.disconnected(now))
        if self.sender is not None and not is_cut and self.sender.phase is Phase.OFFLINE:
            self._act(self.sender.connected(now))


_DISK_TROUBLE = (StorageFullError, CommitUnknownError)
assert _PAGE <= limits.FEED_PAGE_ENTRIES_MAX
