"""A world made from a seed, its calendar of faults, and the demand that it comes to rest once they stop.

What lives here: wiring and the calendar. What is right is judged by the auditor, how a seed is reported is in run.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.domain.check.books import DayBook
from shared.domain.views import check_view
from tests.sim.audited import Shown, Sums
from tests.sim.auditor import Auditor
from tests.sim.box import Box
from tests.sim.hub import Hub
from tests.sim.place import Place
from tests.sim.poison import Poison
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["Result", "World"]

_STEPS_MAX = 60_000  # steps of one run; a world that needs more is going in circles
_HEAL_S = 1_500.0  # simulated seconds within which everything must come to rest without faults; orphans of one check go one by one
_AUDIT_EVERY_S = 40.0


@dataclass(frozen=True)
class Result:
    """What a run did."""

    seed: int
    steps: int
    commands: int
    entries: int
    audits: int
    boxes: int


class World:
    """Everything that a seed makes."""

    def __init__(self, seed: int, profile: Profile, poison: Poison) -> None:
        self.profile = profile
        self.poison = poison
        self.scheduler = Scheduler(seed, _STEPS_MAX)
        self.auditor = Auditor()
        self.hub = Hub(self.scheduler, profile)
        self.places = [Place(f"site-{n}", self.scheduler, profile, self.hub, self.auditor) for n in range(1, profile.sites + 1)]
        self.hub.backups.append(self.hub.snapshot())
        self._is_healed = False

    def run(self) -> Result:
        scheduler = self.scheduler
        for place in self.places:
            place.open()
        self._plan_faults()
        scheduler.run(self.profile.trouble_s)
        self._heal()
        if not scheduler.run(scheduler.now + _HEAL_S, self._is_at_rest):
            raise AssertionError(f"the world does not come to rest: {self._what_is_left()}")
        for place in self.places:
            self.auditor.audit_quarantine(place, self._shown(place), self.poison.is_in)
        self.poison.mend()
        for place in self.places:
            self.hub.projection(place.address).anew(self.hub.rows(place.address))
            self.auditor.audit_at_rest(place, self._shown(place))
        entries = sum(len(place.present.disk.platter()) for place in self.places)
        boxes = sum(len(place.boxes) for place in self.places)
        return Result(scheduler.seed, scheduler.step, self.auditor.commands, entries, self.auditor.audits, boxes)

    def _shown(self, place: Place) -> Shown:
        projection = self.hub.projection(place.address)
        return Shown(
            edge=_sums(place.present.books()),
            hub=_sums(projection.states.values()),
            hub_checks={check.check_id: (str((view := check_view(check)).status), view.total_minor) for check in projection.checks()},
            held=projection.held_checks,
            held_entries={held.sequence for held in projection.held},
            screens={tablet.name: tablet.shown for tablet in place.tablets},
        )

    # --- faults ---

    def _plan_faults(self) -> None:
        profile, hub = self.profile, self.hub
        self._now_and_then(_AUDIT_EVERY_S, self._audit, for_ever=True)
        self._now_and_then(profile.backup_every_s, hub.back_up, for_ever=True)
        self._now_and_then(profile.restore_every_s, hub.restore)
        self._now_and_then(profile.broker_wipe_every_s, hub.wipe_broker)
        self._now_and_then(profile.shard_down_every_s, self._shard_down)
        for place in self.places:
            self._now_and_then(profile.power_cut_every_s, lambda place=place: self._cut_power(place.present))
            self._now_and_then(profile.link_crash_every_s, lambda place=place: place.present.crash_link())
            self._now_and_then(profile.partition_every_s, lambda place=place: self._partition(place.present))
            self._now_and_then(profile.disk_lies_every_s, lambda place=place: self._lie(place.present))
            for tablet in place.tablets:
                self._now_and_then(profile.reload_every_s, tablet.reload)
            self._now_and_then(profile.swap_every_s, lambda place=place: place.call_technician("out of the blue"))

    def _now_and_then(self, mean_s: float, act: Callable[[], object], *, for_ever: bool = False) -> None:
        """Do it again and again, at random times, until the world is healed."""
        if not mean_s:
            return

        def again() -> None:
            if for_ever or not self._is_healed:
                act()
                self._now_and_then(mean_s, act, for_ever=for_ever)

        self.scheduler.after(self.scheduler.rng.uniform(0.2, 1.8) * mean_s, again)

    def _audit(self) -> None:
        for place in self.places:
            if not place.is_swapping:
                self.auditor.audit(place)

    def _cut_power(self, box: Box) -> None:
        if box.is_up:
            box.cut_power("out of the blue")

    def _shard_down(self) -> None:
        self.hub.set_shard_up(False)
        self.scheduler.after(self.profile.shard_down_s, lambda: self.hub.set_shard_up(True))

    def _partition(self, box: Box) -> None:
        if not box.link.wan.is_cut:
            box.link.cut(True)
            self.scheduler.after(self.profile.partition_s, lambda: box.link.cut(False) if box.link.wan.is_cut else None)

    def _lie(self, box: Box) -> None:
        """The disk lies for a while; what follows is mostly the power cut that shows it."""
        if not box.is_up:
            return
        self.scheduler.note(f"{box.name}: its disk begins to lie")
        box.disk.lie()

        def end() -> None:
            if box.is_up and box.disk.is_lying and self.scheduler.chance(0.7):
                box.cut_power("after its disk had lied")
            box.disk.come_clean()

        self.scheduler.after(self.scheduler.rng.uniform(1, 20), end)

    def _heal(self) -> None:
        """From here on nothing fails."""
        self.scheduler.note("--- every fault stops ---")
        self._is_healed = True
        self.hub.is_healthy = True
        self.hub.set_shard_up(True)
        for place in self.places:
            place.heal()

    # --- rest ---

    def _is_at_rest(self) -> bool:
        return not self._what_is_left()

    def _what_is_left(self) -> str:
        return next((left for place in self.places if (left := place.what_is_left())), "")


def _sums(states: Iterable[object]) -> Sums:
    """The books of each business date, as box and hub keep them."""
    return {
        book.business_date: (day.orders, day.lines, day.gross_minor, day.net_minor, day.tax_minor)
        for book in states
        if isinstance(book, DayBook) and any(((day := book.sales).orders, day.lines, day.gross_minor, day.net_minor, day.tax_minor))
    }
