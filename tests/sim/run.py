"""A whole run: a world made from a seed, its faults, and the demand that it comes to rest once they stop.

What lives here: wiring, the calendar of faults, and the report of a failure. `run(seed)` is all that others call.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import msgspec

from shared import limits
from shared.domain.check import Check
from shared.domain.check.books import NO_SALES, Sales, sales_of
from tests.sim.auditor import Auditor, Row, Sums
from tests.sim.box import Box
from tests.sim.hub import Hub, Shelf
from tests.sim.profile import Profile, draw
from tests.sim.scheduler import Scheduler
from tests.sim.workload import MENU, Tablet

__all__ = ["Failure", "Result", "run"]

_STEPS_MAX = 60_000  # steps of one run; a world that needs more is going in circles
_TROUBLE_S = 150.0  # simulated seconds with faults
_HEAL_S = 600.0  # simulated seconds within which everything must come to rest without faults
_AUDIT_EVERY_S = 25.0


class Failure(AssertionError):
    """A seed that failed, with what a person needs to find out why."""


@dataclass(frozen=True)
class Result:
    """What a run did."""

    seed: int
    steps: int
    commands: int
    entries: int
    audits: int


class _AuditedBox(Box):
    """A box that the auditor can look at from both ends."""

    def rows_at_hub(self, after: int = 0) -> list[Row]:
        shelf = self._hub.shelves.get(self.site_id, Shelf())
        return [(row.sequence, row.hash, row.entry) for row in shelf.rows[after:]]

    def hub_incarnation(self) -> str:
        return self._hub.incarnation


class World:
    """Everything that a seed makes."""

    def __init__(self, seed: int) -> None:
        self.profile = draw(seed)
        self.scheduler = Scheduler(seed, _STEPS_MAX)
        self.auditor = Auditor()
        self.hub = Hub(self.scheduler, self.profile)
        self.boxes = [
            _AuditedBox(f"site-{n}", self.scheduler, self.profile, MENU, self.hub, self.auditor) for n in range(1, self.profile.sites + 1)
        ]
        self.tablets: list[Tablet] = []
        self._is_healed = False

    def run(self) -> Result:
        scheduler = self.scheduler
        for box in self.boxes:
            box.boot()
            floor: list[str] = []
            for number in range(self.profile.tablets):
                tablet = Tablet(f"{box.name}/tablet-{number}", box, floor, scheduler, self.profile, self.auditor)
                self.tablets.append(tablet)
                scheduler.after(scheduler.rng.uniform(0, 5), tablet.think)
        self._plan_faults()
        scheduler.run(_TROUBLE_S)
        self._heal()
        if not scheduler.run(scheduler.now + _HEAL_S, self._is_at_rest):
            raise AssertionError(f"the world does not come to rest: {self._what_is_left()}")
        for box in self.boxes:
            self.auditor.audit_at_rest(box, _sums_at_edge(box), _sums_at_hub(self.hub.shelves.get(box.site_id, Shelf())))
        entries = sum(len(box.disk.platter()) for box in self.boxes)
        return Result(self.scheduler.seed, scheduler.step, self.auditor.commands, entries, self.auditor.audits)

    # --- faults ---

    def _plan_faults(self) -> None:
        profile = self.profile
        self._now_and_then(_AUDIT_EVERY_S, lambda: [self.auditor.audit(box) for box in self.boxes], for_ever=True)
        self._now_and_then(profile.restore_every_s / 2, self.hub.back_up)
        self._now_and_then(profile.restore_every_s, self.hub.restore)
        self._now_and_then(profile.broker_wipe_every_s, self.hub.wipe_broker)
        self._now_and_then(profile.shard_down_every_s, self._shard_down)
        for box in self.boxes:
            self._now_and_then(profile.power_cut_every_s, lambda box=box: box.cut_power("out of the blue") if box.is_up else None)
            self._now_and_then(profile.link_crash_every_s, box.crash_link)
            self._now_and_then(profile.partition_every_s, lambda box=box: self._partition(box))

    def _now_and_then(self, mean_s: float, act: Callable[[], object], *, for_ever: bool = False) -> None:
        """Do it again and again, at random times, until the world is healed."""
        if not mean_s:
            return

        def again() -> None:
            if for_ever or not self._is_healed:
                act()
                self._now_and_then(mean_s, act, for_ever=for_ever)

        self.scheduler.after(self.scheduler.rng.uniform(0.2, 1.8) * mean_s, again)

    def _shard_down(self) -> None:
        self.scheduler.note("hub: the shard went down")
        self.hub.is_shard_up = False
        self.scheduler.after(self.profile.shard_down_s, self._shard_up)

    def _shard_up(self) -> None:
        self.hub.is_shard_up = True

    def _partition(self, box: Box) -> None:
        if not box.wan.is_cut:
            box.cut_wan(True)
            self.scheduler.after(self.profile.partition_s, lambda: box.cut_wan(False) if box.wan.is_cut else None)

    def _heal(self) -> None:
        """From here on nothing fails."""
        self.scheduler.note("--- every fault stops ---")
        self._is_healed = True
        self.hub.is_healthy = self.hub.is_shard_up = True
        for box in self.boxes:
            box.is_healthy = box.wan.is_healthy = True
            if box.wan.is_cut:
                box.cut_wan(False)
        for tablet in self.tablets:
            tablet.heal()

    # --- rest ---

    def _is_at_rest(self) -> bool:
        return not self._what_is_left()

    def _what_is_left(self) -> str:
        for tablet in self.tablets:
            if not tablet.is_done:
                return f"{tablet.name} still waits"
        for box in self.boxes:
            if not box.is_up or box.sender is None:
                return f"{box.name} is down"
            head, shelf = box.site.head, self.hub.shelves.get(box.site_id, Shelf())
            if shelf.watermark != head:
                return f"the hub has {shelf.watermark.sequence} of {head.sequence} of {box.name}, whose link is {box.sender.phase}"
            if (box.sender.watermark, box.sender.incarnation) != (head, self.hub.incarnation):
                return f"{box.name} knows of {box.sender.watermark.sequence} of {head.sequence} in the cloud"
        return ""


def _sums(checks: Iterator[Check]) -> Sums:
    days: dict[str, Sales] = {}
    for check in checks:
        sales = sales_of(check)
        if sales != NO_SALES:
            days[check.business_date] = days.get(check.business_date, NO_SALES) + sales
    return {date: (day.orders, day.lines, day.gross_minor, day.net_minor, day.tax_minor) for date, day in days.items()}


def _sums_at_edge(box: Box) -> Sums:
    return _sums(msgspec.json.decode(row.state, type=Check) for (kind, _), row in box.store.aggregates.items() if kind == "check")


def _sums_at_hub(shelf: Shelf) -> Sums:
    return _sums(state for state in shelf.states.values() if isinstance(state, Check))


@contextmanager
def _limits_of(profile: Profile) -> Iterator[None]:
    """Small pipelines, so that a few hundred entries fill them."""
    with patch.multiple(limits, ENVELOPE_ENTRIES_MAX=profile.envelope_entries, ENVELOPES_IN_FLIGHT=profile.in_flight):
        yield


def run(seed: int, tell: Callable[[str], None] = lambda text: None) -> Result:
    """Run one seed. Raises Failure with seed, step, cause, the last events, and how to replay it."""
    world = World(seed)
    tell(f"seed {seed}: {world.profile}")
    try:
        with _limits_of(world.profile):
            return world.run()
    # Whatever a world dies of is a finding, and needs its seed.
    except Exception as error:
        trace = "\n".join(world.scheduler.trace)
        raise Failure(
            f"seed {seed} failed at step {world.scheduler.step}: {type(error).__name__}: {error}\n"
            f"profile: {world.profile}\nthe last events:\n{trace}\nreplay: make sim SEED={seed}"
        ) from error
