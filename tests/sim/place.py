"""One simulated restaurant: its boxes, one after the other, its mirror stick, its tablets, and the technician who swaps boxes.

What lives here: who serves the site when, and how a replacement gets what hub, mirror and tablets hold. What is in it is not known here.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

from shared.domain.ids import derived_id
from shared.operator_error import OperatorError
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.subjects import Address
from tests.sim.auditor import Auditor, Row
from tests.sim.box import Box
from tests.sim.hub import Hub
from tests.sim.lying import LyingDisk
from tests.sim.mirror import Mirror
from tests.sim.operator import Operator
from tests.sim.profile import Profile
from tests.sim.restore import Restored, restore
from tests.sim.scheduler import Scheduler
from tests.sim.tablet import Tablet

__all__ = ["Place"]

ORG = derived_id("sim", "org")
_CALL_S = 10.0  # mean seconds until a technician is at work
_COLLECT_S = 30.0  # seconds that a replacement waits for tablets
_BRANCHED = {"envelope.fork", "feed.fork", "feed.ahead"}  # what only another box mends: hub and journal have parted

_UNKNOWN = {"key.unknown", "epoch.not_granted", "epoch.twice"}  # the hub has forgotten a claim that nobody can prove any more


class Place:
    """One site. `present` is the box that serves it."""

    def __init__(self, name: str, scheduler: Scheduler, profile: Profile, hub: Hub, auditor: Auditor) -> None:
        self.name = name
        self.address = Address(ORG, derived_id("sim", name))
        self.boxes: list[Box] = []
        self.restored: list[Restored] = []
        self.is_healed = False
        self._scheduler = scheduler
        self._profile = profile
        self._hub = hub
        self._auditor = auditor
        self._is_swapping = False
        self._alarm = ""  # of the present box
        self._above = 0  # the highest epoch that a stick or a tablet showed a technician, and the hub did not know
        self._unknown: set[str] = set()  # boxes that the hub does not know any more
        self.mirror = Mirror(scheduler, profile) if profile.mirror_lag_s else None
        self.operator = Operator(self.address, hub, self.mirror, scheduler, profile)
        self._install()
        floor: list[str] = []
        self.tablets = [
            Tablet(f"{name}/tablet-{number}", self.present, floor, scheduler, profile, _Witness(self, auditor))
            for number in range(profile.tablets)
        ]

    @property
    def present(self) -> Box:
        return self.boxes[-1]

    @property
    def is_swapping(self) -> bool:
        return self._is_swapping

    def open(self) -> None:
        """The evening begins."""
        scheduler = self._scheduler
        self.present.boot()
        for tablet in self.tablets:
            scheduler.after(scheduler.rng.uniform(0, 5), tablet.switch_on)
        if self.mirror is not None:
            self.mirror.follow(self)
        scheduler.after(scheduler.rng.uniform(5, 20), self.operator.work)

    def _install(self) -> Box:
        name = f"{self.name}.{len(self.boxes) + 1}"
        granted = self._hub.claim(self.address, f"U-{name}", self._above)
        box = Box(name, self.address, granted, LyingDisk(), self, self._hub, self._scheduler, self._profile)
        box.is_healthy = box.link.wan.is_healthy = self.is_healed
        self.boxes.append(box)
        return box

    # --- what the auditor may look at ---

    def rows_at_hub(self, after: int = 0) -> list[Row]:
        rows = self._hub.rows(self.address)
        return _rows(rows[bisect_right(rows, after, key=lambda row: row.sequence) :])

    def holes(self) -> list[tuple[int, int]]:
        return [(hole.before.sequence + 1, hole.last.sequence) for hole in self._hub.holes(self.address)]

    def trimmed(self) -> int:
        return self.present.begins.sequence if self.present.is_up else 0

    def backups(self) -> list[list[Row]]:
        return [_rows(backup.rows(self.address)) for backup in self._hub.backups]

    def lost_backups(self, since: int = 0) -> list[list[Row]]:
        return [_rows(backup.rows(self.address)) for restore, backup in self._hub.lost if restore > since]

    def mirrored(self) -> list[list[Row]]:
        return [_rows(rows) for rows in self.mirror.files] if self.mirror is not None else []

    def hub_incarnation(self) -> str:
        return self._hub.incarnation

    def was_claim_forgotten(self) -> bool:
        return self._hub.has_forgotten

    def kept_by_tablets(self) -> set[str]:
        """What was accepted and is not known to be in the cloud."""
        return {id for tablet in self.tablets for id in tablet.held}

    def orphans(self) -> Collection[tuple[int, bytes]]:
        """What the hub keeps apart."""
        return {(row.sequence, row.hash) for (of, _), rows in self._hub.shard.orphans.items() if of == self.address for row in rows}

    def set_aside(self) -> Mapping[str, str]:
        """What an operator will not adopt, with the reason."""
        return self.operator.set_aside

    # --- what boxes tell ---

    def told_watermark(self, box: Box, position: Position, incarnation: str) -> None:
        self._auditor.told_in_cloud(self, box, position.sequence, position.hash, incarnation)

    def told_alarm(self, box: Box, code: str, detail: str) -> None:
        if box is self.present:
            self._alarm = code
        if not code:
            return
        self._scheduler.note(f"{box.name}: ALARM {code} {detail}")
        self._auditor.alarmed(self, box, code, detail)
        if code in _UNKNOWN:
            self._unknown.add(box.name)
        if code in _BRANCHED | _UNKNOWN and box is self.present:
            self.call_technician(code)

    def not_played(self, box: Box, command: str, code: str) -> None:
        self._auditor.not_played(self, command, code)

    def let_go(self, box: Box, begins: Position) -> None:
        self._auditor.trimmed(self, box, begins.sequence)

    def lost_by_lie(self, box: Box, entries: int) -> None:
        self._auditor.lied(self, box)

    # --- swapping ---

    def call_technician(self, why: str) -> None:
        """Somebody comes and puts another box in the place of this one."""
        if not self._is_swapping:
            self._is_swapping = True
            self._scheduler.note(f"{self.name}: a technician is called: {why}")
            self._scheduler.after(self._scheduler.rng.uniform(0.1, 2) * _CALL_S, self._swap)

    def _swap(self) -> None:
        """The hub must be there to grant the claim; of what it holds, as much as it has at that moment is fetched."""
        scheduler, old = self._scheduler, self.present
        if self._hub.shard.is_down:
            scheduler.after(5.0, self._swap)
            return
        self.operator.fill_holes()
        if self._hub.holes(self.address):  # nobody has all of the journal that a replacement would need
            scheduler.note(f"{self.name}: the technician leaves {old.name} where it is: the hub lacks a part of its journal")
            self._is_swapping = False
            return
        fate = scheduler.rng.choice(["scrapped", "returns", "runs on"])
        if fate != "runs on":
            old.scrap() if fate == "scrapped" else old.take_away(scheduler.rng.uniform(5, 60))
        self._alarm = ""
        mirrors = self.mirror.found() if self.mirror is not None else []
        held = list(self._hub.rows(self.address))
        box, found = self._restored([rows for rows, _ in mirrors])
        self.restored.append(found)
        scheduler.note(f"{self.name}: {old.name} {fate}; {box.name} has epoch {box.epoch}, {found}")
        self._auditor.restored(self, box, [_rows(rows) for rows in (held, *(rows[:sound] for rows, sound in mirrors))], bool(found.apart))
        box.is_recovering = True
        box.boot()
        for tablet in self.tablets:
            scheduler.after(scheduler.rng.uniform(0, 20), lambda tablet=tablet: tablet.reach(self.present))
        self._collect(box, scheduler.now + _COLLECT_S)

    def _restored(self, mirrors: Sequence[Sequence[StoredEntry]]) -> tuple[Box, Restored]:
        """A box with what hub and mirrors hold. Under a claim that the hub has given before and forgotten, it says so: another is fetched,
        above the epoch that it names."""
        for _ in range(10):
            box = self._install()
            try:
                return box, restore(box.disk, box.identity, list(self._hub.rows(self.address)), mirrors)
            except OperatorError as error:
                above = max((rows[-1].epoch for rows in mirrors if rows), default=0) if error.code == "restore.epoch_behind" else 0
                self._above = max(self._above, above)
                self._scheduler.note(f"{self.name}: {error.code}; the site is claimed anew, above {self._above}")
                box.scrap()
        raise AssertionError(f"{self.name} cannot be restored under any claim")

    def _collect(self, box: Box, until_s: float) -> None:
        """Wait for the tablets, but not for ever; then sell."""
        box.finish_recovery(len(self.tablets), self._scheduler.now >= until_s)
        if box.is_recovering:
            self._scheduler.after(1.0, lambda: self._collect(box, until_s))
            return
        self._is_swapping = False
        if self._alarm in _BRANCHED | _UNKNOWN:  # it came while the technician was at work
            self.call_technician(self._alarm)
        self._scheduler.after(_CALL_S, lambda: self._ask_tablets(box))

    def _ask_tablets(self, box: Box) -> None:
        """A hub that has forgotten claims gives their epochs again: a tablet that knows a later box, of before claims, sends nothing to this
        one. The site is claimed once more, above what the tablet shows (docs/runbooks/swap.md)."""
        known = max((tablet.knows_later for tablet in self.tablets), default=0)
        if box is self.present and known:
            self._above = max(self._above, known)
            self.call_technician(f"a tablet knows box {known}")
        elif box is self.present:
            self._scheduler.after(_CALL_S, lambda: self._ask_tablets(box))

    def heal(self) -> None:
        """From here on nothing fails."""
        self.is_healed = True
        for box in self.boxes:
            box.is_healthy = box.link.wan.is_healthy = True
            box.disk.come_clean()
            if box.link.wan.is_cut:
                box.link.cut(False)
        self.operator.heal()
        for tablet in self.tablets:
            tablet.heal()
            tablet.reach(self.present)

    # --- rest ---

    def what_is_left(self) -> str:
        """Why the site is not at rest; empty when it is."""
        box = self.present
        if self._is_swapping:
            return f"{self.name} is being swapped"
        if not box.is_up or box.link.sender is None:
            return f"{box.name} is down"
        if self.operator.may_fill():
            return f"nobody has filled the holes of {self.name} from its mirror yet"
        head, sender, held = box.head, box.link.sender, self._hub.watermark(self.address)
        if held != head:
            return f"the hub has {held.sequence} of {head.sequence} of {box.name}, whose link is {sender.phase}"
        if (sender.watermark, sender.incarnation) != (head, self._hub.incarnation):
            return f"{box.name} knows of {sender.watermark.sequence} of {head.sequence} in the cloud"
        return self._left_of_old_boxes() or self._left_of_tablets(box)

    def _left_of_old_boxes(self) -> str:
        for old in self.boxes[:-1]:
            phase = old.link.sender and old.link.sender.phase
            if old.is_up and not old.fence.is_fenced and old.name not in self._unknown:
                return f"{old.name} does not know that it was replaced, its link is {phase}"
            # The hub believes that this branch begins later than it does, or than the box still has it: a person fetches the box.
            is_stuck = old.is_up and not old.holds(old.kept)
            if (
                old.is_up and old.kept.sequence < old.head.sequence
                and not is_stuck and old.name not in self._unknown
            ):  # fmt: skip
                return f"{old.name} holds {old.head.sequence}, the hub keeps {old.kept.sequence}, its link is {phase}"
        undecided = self.operator.open()
        return f"{len(undecided)} orphaned commands are undecided" if undecided else ""

    def _left_of_tablets(self, box: Box) -> str:
        for tablet in self.tablets:
            if not tablet.is_done:
                return f"{tablet.name} still waits: {tablet.state}"
            if not tablet.is_current(box):
                return f"{tablet.name} shows not all of {box.head.sequence}: {tablet.state}"
        return ""


class _Witness:
    """The auditor, as the tablets of one site tell it."""

    def __init__(self, place: Place, auditor: Auditor) -> None:
        self._place, self._auditor = place, auditor

    def proposed(self, commands: list[tuple[str, bytes]]) -> None:
        self._auditor.proposed(self._place, commands)

    def acknowledged(self, box: Box, answers: list[bytes]) -> None:
        self._auditor.acknowledged(self._place, box, answers)

    def told(self, command: str, code: str) -> None:
        self._auditor.told(self._place, command, code)

    def expect(self, holds: bool, otherwise: str) -> None:
        self._auditor.expect(holds, otherwise)


def _rows(entries: Sequence[StoredEntry]) -> list[Row]:
    return [(entry.sequence, entry.hash, entry.entry) for entry in entries]
