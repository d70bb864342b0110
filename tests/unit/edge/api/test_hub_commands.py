"""Commands of the hub at the box: what is final is told to the hub, what passes is said again, and nothing is remembered for ever."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from edge.api.hub_commands import HubCommand, _decide, _remember
from edge.api.state import HubRefusal
from edge.app.hand_in import RefusedHandIn
from edge.app.site import HUB, Outcome, RefusedCommand, Request
from edge.journal.handed_in import HandedInFile, Settled
from shared.domain.errors import Refused
from shared.limits import HUB_REFUSALS_MAX
from tests.unit.shared.domain.world import NOON, name_id

ONE = HubCommand(id=name_id("one"), command=msgspec.Raw(b"{}"), expires_at_ms=round(NOON.timestamp() * 1000))


class Door:
    """A writer that answers as the test says."""

    def __init__(self) -> None:
        self.outcome: Outcome | Refused = ()
        self.asked: list[Request] = []

    async def submit(self, request: Request) -> Outcome:
        self.asked.append(request)
        if isinstance(self.outcome, Refused):
            raise self.outcome
        return self.outcome


@pytest.fixture
def edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("edge.api.hub_commands.alarms", lambda edge: tuple("handin.refused" for _ in edge.refused_hand_ins.open))
    told: list[tuple[str, ...]] = []
    return SimpleNamespace(
        writer=Door(), hub_refusals={}, now=lambda: NOON, refused_hand_ins=HandedInFile(tmp_path), told=told,
        feed=SimpleNamespace(say_alarms=told.append),
    )  # fmt: skip


REFUSED_HAND_IN = RefusedHandIn(
    command_id=ONE.id, device_id=name_id("tablet"), position=f"1.5.{'0' * 64}", at=NOON, business_date="2026-03-02", command=msgspec.Raw(b"{}"),
    actor_id="", code="check.closed", detail="", refused_at=NOON,
)  # fmt: skip


async def test_what_a_waiter_has_made_up_for_is_not_adopted_as_well(edge: Any, tmp_path: Path) -> None:
    """The tablet handed it in, the box refused it, Rosa entered it by hand and said so; then HQ adopts the orphan: the guest pays twice."""
    await edge.refused_hand_ins.keep(REFUSED_HAND_IN)
    HandedInFile(tmp_path).add(Settled(settles=ONE.id, by="Rosa", at=NOON))
    result = await _decide(edge, ONE)
    assert (result.outcome, result.code, edge.writer.asked) == ("refused", "orphan.settled", [])


async def test_nobody_is_asked_to_make_up_for_what_the_hub_has_brought(edge: Any, tmp_path: Path) -> None:
    await edge.refused_hand_ins.keep(REFUSED_HAND_IN)
    assert (await _decide(edge, ONE)).outcome == "accepted"
    assert (HandedInFile(tmp_path).open, edge.told) == ([], [()])
    assert (await _decide(edge, ONE)).outcome == "accepted"


async def test_a_refused_adoption_leaves_the_hand_in_to_the_person(edge: Any, tmp_path: Path) -> None:
    await edge.refused_hand_ins.keep(REFUSED_HAND_IN)
    edge.writer.outcome = RefusedCommand(error=Refused("orphan.unfit", "the check was changed"))
    assert (await _decide(edge, ONE)).outcome == "refused"
    assert HandedInFile(tmp_path).open == [REFUSED_HAND_IN]


async def test_an_accepted_command_is_said_by_the_hub_and_its_earlier_refusal_forgotten(edge: Any) -> None:
    edge.hub_refusals[ONE.id] = HubRefusal("orphan.unfit", 5)
    result = await _decide(edge, ONE)
    assert (result.outcome, result.code, edge.hub_refusals) == ("accepted", "", {})
    assert edge.writer.asked[0].device == HUB


@pytest.mark.parametrize("code", ["edge.busy", "storage.full", "commit.unknown", "edge.stopping", "box.recovering", "box.fenced"])
async def test_what_passes_is_not_told_as_a_refusal_for_the_hub_would_not_say_it_again(edge: Any, code: str) -> None:
    edge.writer.outcome = Refused(code, "now")
    assert (await _decide(edge, ONE)).outcome == "later"
    edge.writer.outcome = RefusedCommand(error=Refused(code, "now"))
    assert (await _decide(edge, ONE)).outcome == "later"
    assert edge.hub_refusals == {}


async def test_what_does_not_fit_is_told(edge: Any) -> None:
    edge.writer.outcome = RefusedCommand(error=Refused("orphan.unfit", "the check was changed"))
    result = await _decide(edge, ONE)
    assert (result.outcome, result.code) == ("refused", "orphan.unfit")
    assert edge.hub_refusals == {ONE.id: ("orphan.unfit", ONE.expires_at_ms)}


async def test_a_command_whose_time_has_passed_is_not_carried_out(edge: Any) -> None:
    edge.now = lambda: NOON + timedelta(seconds=1)
    result = await _decide(edge, ONE)
    assert (result.outcome, result.code) == ("refused", "hub_command.expired")
    assert edge.writer.asked == []


def test_refusals_are_bounded_and_the_oldest_forgotten() -> None:
    refusals: dict[str, HubRefusal] = {}
    for number in range(HUB_REFUSALS_MAX + 5):
        _remember(refusals, str(number), HubRefusal("orphan.unfit", number))
    assert (len(refusals), next(iter(refusals))) == (HUB_REFUSALS_MAX, "5")
