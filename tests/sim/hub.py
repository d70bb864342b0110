"""A simulated hub: the shipped apply and greet steps and projection, over a broker that drops, doubles and wipes and a shard that fails.

What lives here: the surroundings of `Applier`, `Greeter` and `SiteFold`, and what befalls them. The broker's word is never worth
anything: only an answer after the commit is. What frames and entries mean is not known here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

from hub.ingest.answers import Reply
from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.fencing import tell_replaced
from hub.ingest.greet import Greeter
from hub.ingest.ports import Hole
from shared.limits import EPOCHS_LEFT_OUT
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import SiteCommand, encode_answer
from shared.protocol.subjects import Address
from tests.sim.claims import Granted, grant
from tests.sim.profile import Profile
from tests.sim.projection import Projection
from tests.sim.scheduler import Scheduler
from tests.sim.shard import Crashed, SimRegistry, SimShard, Tables
from tests.support.memory_hub import OpenCommand

__all__ = ["Backup", "Hub", "wait_for"]

T = TypeVar("T")
Listener = Callable[[bytes], None]
_BATCH = 8  # messages of one transaction
_BACKUPS_KEPT = 3
_loop: asyncio.AbstractEventLoop | None = None


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end what never really waits, on one loop for all worlds."""
    global _loop  # noqa: PLW0603 - making a loop costs more than a whole batch
    if _loop is None or _loop.is_closed():
        _loop = asyncio.new_event_loop()
    return _loop.run_until_complete(coroutine)


class Backup(NamedTuple):
    """A backup of a shard and of the control database: `positions` are the watermarks when it began, as the `number`th."""

    number: int
    positions: dict[Address, Position]
    tables: Tables
    projections: dict[Address, Projection]
    registry: Tables
    granted_under: dict[Address, int]

    def rows(self, address: Address) -> Sequence[StoredEntry]:
        return self.tables["journals"].get(address, ())


class Hub:
    """One shard behind one lane of one broker, and the control database."""

    def __init__(self, scheduler: Scheduler, profile: Profile) -> None:
        self._scheduler = scheduler
        self._profile = profile
        self.shard = SimShard(self._hazard)
        self.registry = SimRegistry()
        self.projections: dict[Address, Projection] = {}
        self.is_healthy = False
        self._control_restores = 0
        self._granted_under: dict[Address, int] = {}  # after how many of these each site was claimed last
        self._lane: list[tuple[str, bytes]] = []
        self._is_due = False
        self._listeners: dict[Address, list[Listener]] = {}
        self.backups: list[Backup] = []  # those that are done and not lost, the one last that began last
        self._begun = 0
        self.lost: list[tuple[int, Backup]] = []  # each with the number of the restore that found it gone
        self._begin_ingest()

    def _begin_ingest(self) -> None:
        """A process of ingest: what it keeps in memory goes with it."""
        shards, clock, counts = {self.shard.name: self.shard}, lambda: self._scheduler.now, Counts()
        self._applier = Applier(self.registry, shards, clock, counts)
        self._greeter = Greeter(self.registry, shards, clock, counts, Granted.read)

    def _hazard(self, stage: str) -> None:
        if not self.is_healthy and self._scheduler.chance(self._profile.ingest_crash / 2):
            raise Crashed(stage)

    # --- what others see of it ---

    def claim(self, address: Address, key: str, above: int) -> Granted:
        """Grant the next epoch of a site to a box, higher than `above`."""
        known = self.registry.sites.get(address)
        epoch = max(known.epoch if known else 0, self.watermark(address).epoch) + 1
        if self._granted_under.get(address, 0) != self._control_restores:
            epoch += EPOCHS_LEFT_OUT
        epoch = max(epoch, above + 1)
        self._granted_under[address] = self._control_restores
        granted = grant(address, epoch, key, int(self._scheduler.now * 1000))
        self.registry.register(address, key, epoch=epoch, shard=self.shard.name, claim=granted.token)
        self.shard.placements[address.org_id] = 1
        self._answer(wait_for(tell_replaced(self.registry, [address])))
        is_old = self._scheduler.chance(self._profile.old_boxes)  # of 0.2: it keeps no token
        return Granted(epoch, "") if is_old else granted

    @property
    def has_forgotten(self) -> bool:
        """Whether the control database was ever set back."""
        return self._control_restores > 0

    @property
    def incarnation(self) -> str:
        return self.shard.current

    def ask_site(self, address: Address, command: SiteCommand) -> None:
        """An operator has the site carry out a command, unless that is under way."""
        self.shard.now_ms = int(self._scheduler.now * 1000)
        known = self.shard.commands.get((address, command.id))
        if known is None or known.state == "refused":
            self.shard.commands[address, command.id] = OpenCommand(command)

    def refusal(self, address: Address, id: str) -> str:
        """With which code the site refused a command; empty when it did not."""
        known = self.shard.commands.get((address, id))
        return known.result if known is not None and known.state == "refused" else ""

    def rows(self, address: Address) -> Sequence[StoredEntry]:
        return self.shard.journals.get(address, ())

    def holes(self, address: Address) -> list[Hole]:
        """The open holes of a site, as `comanda hub holes list` shows them."""
        return sorted((hole for hole in self.shard.holes.values() if hole.address == address), key=lambda hole: hole.last.sequence)

    def fill(self, hole: Hole, entries: Sequence[StoredEntry]) -> None:
        """Put into the journal what was proven to lie in a hole, and project the site anew (hub/db/hole_store.py)."""
        held = {row.sequence: row for row in [*entries, *self.rows(hole.address)]}
        self.shard.journals[hole.address] = [held[sequence] for sequence in sorted(held)]
        self.projection(hole.address).anew(self.rows(hole.address))
        del self.shard.holes[hole.address, hole.before.sequence + 1, hole.last.sequence]

    def watermark(self, address: Address) -> Position:
        return self.shard.marks.get(address, START)

    def projection(self, address: Address) -> Projection:
        return self.projections.setdefault(address, Projection(*address))

    def listen(self, address: Address, listener: Listener) -> None:
        """A box subscribes to the answers of its site: all of them, also those to another box."""
        self._listeners.setdefault(address, []).append(listener)

    # --- the broker ---

    def publish(self, subject: str, data: bytes) -> None:
        """What comes in on `journal.>`: the broker keeps it in the lane, if it does."""
        scheduler, profile = self._scheduler, self._profile
        if not self.is_healthy and scheduler.chance(profile.broker_drop):
            scheduler.note("broker: took a message and dropped it")
            return
        message = (f"up.0.{subject.removeprefix('journal.')}", data)
        self._lane.append(message)
        if not self.is_healthy and scheduler.chance(profile.broker_disorder):
            if scheduler.chance(0.5):
                self._lane.append(message)
            scheduler.rng.shuffle(self._lane)
        self._wake(0.02)

    def _wake(self, delay_s: float) -> None:
        if self._lane and not self._is_due:
            self._is_due = True
            self._scheduler.after(delay_s, self._ingest)

    def hello(self, subject: str, data: bytes) -> None:
        """What comes in on `hello.>`, outside the lane."""
        try:
            self._answer(wait_for(self._greeter.greet([(subject, data)])))
        except Crashed as crash:
            self._scheduler.note(f"ingest: died {crash} the commit of a hello")
            self._begin_ingest()
        for address, rows in self.shard.journals.items():
            if rows and self.projection(address).sequence > rows[-1].sequence:  # its last entries were put aside
                self._scheduler.note(f"hub: {address.site_id} is projected anew, up to {rows[-1].sequence}")
                self.projection(address).anew(rows)
        self._project()

    def _project(self) -> None:
        """The projector is a process of its own: what ingest committed before it died is projected all the same."""
        for address, rows in self.shard.journals.items():
            self.projection(address).advance(rows)

    def _ingest(self) -> None:
        self._is_due = False
        batch, self._lane = self._lane[:_BATCH], self._lane[_BATCH:]
        if not batch:
            return
        try:
            replies = wait_for(self._applier.apply(batch))
        except Crashed as crash:
            # What was not acknowledged to the broker comes again, whether it was committed or not.
            self._scheduler.note(f"ingest: died {crash} the commit; the broker delivers again")
            self._begin_ingest()
            self._lane = batch + self._lane
            self._wake(1.0)
            return
        self._wake(0.02)
        self._project()
        self._answer(replies)

    def _answer(self, replies: Sequence[Reply]) -> None:
        for address, answer in replies:
            self._scheduler.note(f"hub: {answer.status} {answer.code} to {answer.attempt}, watermark {answer.watermark.sequence}")
            data = encode_answer(answer)
            for listener in self._listeners.get(address, ()):
                listener(data)

    # --- what befalls it ---

    def wipe_broker(self) -> None:
        self._scheduler.note(f"broker: wiped with {len(self._lane)} messages in the lane")
        self._lane.clear()

    def set_shard_up(self, is_up: bool) -> None:
        self._scheduler.note(f"hub: the shard {'is back' if is_up else 'went down'}")
        self.shard.is_down = not is_up

    def snapshot(self) -> Backup:
        projections = {address: each.copy() for address, each in self.projections.items()}
        self._begun += 1
        return Backup(
            self._begun, dict(self.shard.marks), self.shard.back_up(), projections, self.registry.back_up(), dict(self._granted_under)
        )

    def back_up(self) -> None:
        """Begin a backup. It is done a while later, if the shard is there; only then may sites forget what is in it."""
        if not self.shard.is_down:
            backup, restores = self.snapshot(), self.shard.restores
            self._scheduler.after(self._scheduler.rng.uniform(0.5, 10), lambda: self._backed_up(backup, restores))

    def _backed_up(self, backup: Backup, restores: int) -> None:
        """As `comanda hub backup done` has it (operate.sql). One that was begun in a database that is gone is not known any more."""
        shard = self.shard
        if shard.is_down or shard.restores != restores:
            return
        self.backups = sorted([*self.backups, backup])[-_BACKUPS_KEPT:]  # one may begin later than another and be done before it
        for address, position in backup.positions.items():
            torn = [first - 1 for of, first, _ in backup.tables["holes"] if of == address]  # where a hole was open when it began
            held = min(position.sequence, self.watermark(address).sequence, *torn)
            shard.backed_up[address] = max(held, shard.backed_up.get(address, 0))

    def restore(self) -> None:
        """Last night's backup of the shard, under a new incarnation, or the one before where that was lost; sometimes of the control
        database too, which forgets claims."""
        while len(self.backups) > 1 and self._scheduler.chance(self._profile.lost_backups):
            self._scheduler.note("hub: the newest backup is lost")
            self.lost.append((self.shard.restores + 1, self.backups.pop()))
        _, _, tables, projections, registry, granted_under = self.backups[-1]
        if self._scheduler.chance(self._profile.forget_claims):
            self._scheduler.note("hub: the control database is restored too")
            self.registry.restore(registry)
            self._control_restores, self._granted_under = self._control_restores + 1, dict(granted_under)
        self.shard.restore(tables)
        self.projections = {address: each.copy() for address, each in projections.items()}
        held = [len(rows) for rows in self.shard.journals.values()]
        self._scheduler.note(f"hub: restored as {self.incarnation} at {held}")
        self._begin_ingest()
