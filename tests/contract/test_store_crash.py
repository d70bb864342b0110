"""The power goes at every step of every write, on the simulated disk and under SQLite: what the simulator assumes of a disk is what
SQLite makes of one.

Each case is the same evening (crashes.py) on both machines. A step is a write, a sync, a cut or a removal of a file; of what was not
synced when the power goes some is there, some torn, some gone.
"""

import contextlib
import os
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from shared.protocol.entry import StoredEntry
from tests.contract.crashes import Evening, undisturbed
from tests.contract.machines import MACHINES, DamagedError, Machine, at_step
from tests.sim.store import PowerCut
from tests.support.faulty_disk import Fault, Step

MakeMachine = Callable[[], AbstractContextManager[Machine]]
# `make chaos` takes every step of every case; an ordinary run every step of the power cuts and each third of the rest.
IS_LONG = bool(os.environ.get("COMANDA_TEST_CHAOS"))


def some(steps: list[Step]) -> list[Step]:
    return steps if IS_LONG else steps[::3]


@pytest.fixture(params=MACHINES)
def make_machine(request: pytest.FixtureRequest) -> MakeMachine:
    """Makes machines, one after the other, each on a disk of its own."""

    @contextmanager
    def make() -> Iterator[Machine]:
        with (
            tempfile.TemporaryDirectory(prefix="comanda-", ignore_cleanup_errors=True) as directory,
            closing(MACHINES[request.param](Path(directory))) as machine,
        ):
            yield machine

    return make


@pytest.fixture
def quiet(make_machine: MakeMachine) -> tuple[list[StoredEntry], list[Step]]:
    """(journal, I/O steps) of an evening without faults."""
    with make_machine() as machine:
        evening = Evening(machine)
        evening.live()
        steps = list(machine.steps)
        return evening.ensure_kept(), steps


def test_both_machines_write_the_same_journal(tmp_path: Path) -> None:
    journals = []
    for name, make in MACHINES.items():
        (tmp_path / name).mkdir()
        with closing(make(tmp_path / name)) as machine:
            journals.append(undisturbed(machine))
    assert all(journal == journals[0] for journal in journals)
    assert len(journals[0]) > 15


def test_the_power_goes_at_every_single_step(make_machine: MakeMachine, quiet: tuple[list[StoredEntry], list[Step]]) -> None:
    journal, steps = quiet
    for number, kind, name in steps:
        rng = random.Random(number)
        with make_machine() as machine:
            evening = Evening(machine)
            with pytest.raises(PowerCut):
                evening.live(at_step(number, "power"))
            machine.cut(rng)
            try:
                evening.ensure_kept()
                evening.ensure_goes_on(rng, journal)
            except AssertionError as error:
                error.add_note(f"the power went before step {number}: {kind} {name}")
                raise


@pytest.mark.parametrize("fault", ["full", "error"])
def test_the_disk_is_full_or_errs_at_every_single_step_and_then_the_power_goes(
    make_machine: MakeMachine, quiet: tuple[list[StoredEntry], list[Step]], fault: Fault
) -> None:
    """A disk that errs in a sync has forgotten what it was to write, and says so once. What is answered afterwards is on disk all the
    same: nothing is answered from what only memory holds (Law 1)."""
    journal, steps = quiet
    for number, kind, name in some(steps):
        if fault == "full" and kind == "delete":
            continue  # no disk is too full to remove a file
        rng = random.Random(number)
        with make_machine() as machine:
            evening = Evening(machine)
            try:
                evening.live(at_step(number, fault))
                machine.cut(rng)
                assert evening.ensure_kept() == journal
            except (AssertionError, PowerCut) as error:
                error.add_note(f"{fault} at step {number}: {kind} {name}")
                raise


def test_a_disk_that_lies_about_a_sync_is_noticed_or_has_lost_whole_groups_only(
    make_machine: MakeMachine, quiet: tuple[list[StoredEntry], list[Step]]
) -> None:
    """No program can keep what a disk only says it has. But what is read afterwards is true as far as it goes, or it is not read."""
    journal, steps = quiet
    noticed = 0
    for number, kind, _name in steps:
        if kind != "sync":
            continue
        rng = random.Random(number)
        with make_machine() as machine:
            evening = Evening(machine)
            went = rng.randint(number + 1, len(steps) + 1)
            with contextlib.suppress(PowerCut):
                evening.live(lambda step, lie=number, went=went: {lie: "lie", went: "power"}.get(step[0]))
            machine.cut(rng)
            evening.told.forget()
            try:
                machine.inspect()
            except (sqlite3.Error, DamagedError):
                noticed += 1
                continue
            kept = evening.ensure_kept()
            assert kept == journal[: len(kept)]
    assert noticed < sum(kind == "sync" for _, kind, _ in steps), "most of it is no damage, only loss"


@pytest.mark.parametrize("seed", range(400 if IS_LONG else 15))
def test_one_power_cut_after_another_also_while_it_recovers_from_the_last(
    make_machine: MakeMachine, quiet: tuple[list[StoredEntry], list[Step]], seed: int
) -> None:
    journal, steps = quiet
    rng = random.Random(seed)
    with make_machine() as machine:
        evening = Evening(machine)
        for _ in range(6):
            bad = {rng.randint(1, len(steps)): rng.choice(["error", "full"]) for _ in range(3)}
            bad[rng.randint(1, rng.choice([10, 60, len(steps)]))] = "power"
            try:
                evening.live(lambda step, bad=bad: None if step[1] == "delete" and bad.get(step[0]) == "full" else bad.get(step[0]))
            except PowerCut:
                machine.cut(rng)
                evening.ensure_kept()
        evening.ensure_goes_on(rng, journal)
