"""The simulator over fixed seeds; and with bugs planted, because a simulator that cannot fail is a defect."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from shared.protocol import sender
from shared.protocol.device import DeviceSession
from shared.protocol.envelope import Answer
from tests.sim.ledger import Ledger
from tests.sim.ledger_kitchen import Violation
from tests.sim.poison import Poison
from tests.sim.profile import draw
from tests.sim.run import Failure, run, surroundings
from tests.sim.shrink import arguments, kind_of, shrink
from tests.sim.world import World

SEEDS = 200
BATCH = 10
MUTANT_SEEDS = 250  # within so many seeds each of these must be caught


@pytest.mark.parametrize("first", range(1, SEEDS + 1, BATCH))
def test_seeds_come_to_rest_with_nothing_lost_and_nothing_twice(first: int) -> None:
    for seed in range(first, first + BATCH):
        result = run(seed)  # a failure names its seed, and how to replay it
        assert result.commands > 0
        assert result.audits > 0


def test_the_seed_decides_everything() -> None:
    first, second = world_of(7), world_of(7)
    assert played(first) == played(second)
    assert list(first.scheduler.trace) == list(second.scheduler.trace)
    assert draw(7) == draw(7) != draw(8)


def world_of(seed: int) -> World:
    return World(seed, draw(seed), Poison(draw(seed).poison))


def played(world: World) -> Any:
    with surroundings(world.profile, world.poison):
        return world.run()


# --- bugs ---

Patch = pytest.MonkeyPatch


def accept_stale_answers(patch: Patch) -> None:
    """The sender takes any answer for one to its present attempt."""
    real = sender.Sender.answered

    def answered(self: sender.Sender, answer: Answer, now: float) -> list[sender.Action]:
        return real(self, msgspec.structs.replace(answer, attempt=self._attempt), now)

    patch.setattr(sender.Sender, "answered", answered)


def hand_nothing_in(patch: Patch) -> None:
    """A tablet believes that every box has what another acknowledged."""
    patch.setattr(DeviceSession, "_owe", lambda self, resumed_from, placed=(): None)


BUGS: dict[str, tuple[Callable[[Patch], None], str]] = {
    # name: (how it is planted, what the auditor must say)
    "accept stale answers": (accept_stale_answers, "after it had heard of a later one|is in the cloud|without a reason|not come to rest"),
    "hand nothing in": (hand_nothing_in, "acknowledged|not come to rest"),
}


@pytest.mark.parametrize("name", BUGS)
def test_the_auditor_catches_the_bug_and_its_world_is_made_smaller(name: str, monkeypatch: Patch) -> None:
    plant, verdict = BUGS[name]
    plant(monkeypatch)
    failure = first_failure(range(1, MUTANT_SEEDS + 1))
    assert failure is not None, f"{MUTANT_SEEDS} seeds did not notice: {name}"
    said = str(failure)
    assert re.search(verdict, failure.cause), failure.cause
    assert f"make sim SEED={failure.seed}" in said
    assert "the last events:" in said
    smallest = shrink(failure, 3.0)
    assert kind_of(smallest.cause) == kind_of(failure.cause)
    assert smallest is failure or arguments(smallest, failure.seed, draw(failure.seed))


def first_failure(seeds: Sequence[int]) -> Failure | None:
    for seed in seeds:
        try:
            run(seed)
        except Failure as failure:
            return failure
    return None


def test_the_ledger_notices_a_ticket_cooked_twice() -> None:
    entries = _journal_of(3)
    index, ticket = next((i, e) for i, e in enumerate(entries) if e["event"]["type"] == "TicketCreated")
    again = json.loads(json.dumps(ticket))
    again["event"]["ticket_id"] = "another"
    again["event"]["number"] += 1
    with pytest.raises(Violation, match=r"cooked twice|sent and no kitchen|is cooked at"):
        Ledger.of([*entries[: index + 1], again, *entries[index + 1 :]])


def test_the_ledger_notices_a_number_left_out() -> None:
    entries = _journal_of(3)
    opened = [entry for entry in entries if entry["event"]["type"] == "CheckOpened"][-1]
    opened["event"]["number"] += 1
    with pytest.raises(Violation, match="check of epoch 1 number"):
        Ledger.of(entries)


def _journal_of(seed: int) -> list[dict[str, Any]]:
    world = world_of(seed)
    played(world)
    return [json.loads(data) for _, _, data in world.places[0].present.disk.platter()]
