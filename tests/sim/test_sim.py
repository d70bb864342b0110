"""The simulator over fixed seeds; and over mutants, because a simulator that cannot fail is a defect."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from edge.app.site import Site
from shared.domain.arithmetic.splits import Assignment
from shared.domain.arithmetic.types import Sums
from shared.domain.check import parts, voiding
from shared.protocol import sender
from shared.protocol.envelope import Answer, AnswerStatus, Envelope, decode_answer, encode_answer, open_frame
from shared.protocol.receiver import Verdict
from tests.sim import hub as hub_module
from tests.sim.auditor import Violation
from tests.sim.hub import Hub, verify
from tests.sim.ledger import Ledger
from tests.sim.profile import draw
from tests.sim.run import Failure, World, run
from tests.sim.store import SimStore

MUTANT_SEEDS = 40  # within so many seeds each mutant must be caught


@pytest.mark.parametrize("seed", range(1, 51))
def test_a_seed_comes_to_rest_with_nothing_lost_and_nothing_twice(seed: int) -> None:
    result = run(seed)
    assert result.commands > 0
    assert result.audits > 0


def test_the_seed_decides_everything() -> None:
    first, second = World(7), World(7)
    assert first.run() == second.run()
    assert list(first.scheduler.trace) == list(second.scheduler.trace)
    assert draw(7) == draw(7) != draw(8)


# --- mutants ---

Patch = pytest.MonkeyPatch


def acknowledge_before_sync(patch: Patch) -> None:
    """A commit returns as soon as the operating system has the bytes."""
    patch.setattr(SimStore, "sync", lambda self: None)


def forget_commands(patch: Patch) -> None:
    """A command that comes again is decided again."""
    patch.setattr(SimStore, "find_commands", lambda self, command_ids: {})

    def commit(self: SimStore, write: Any) -> None:
        real(self, msgspec.structs.replace(write, commands=[]))

    real = SimStore.commit
    patch.setattr(SimStore, "commit", commit)


def accept_reused_ids(patch: Patch) -> None:
    """A different command under a known id is answered as if it were the first."""
    real = SimStore.find_commands

    def find_commands(self: SimStore, command_ids: Any) -> Any:
        found = real(self, command_ids)
        return {id: msgspec.structs.replace(record, digest=AnyDigest(record.digest)) for id, record in found.items()}

    patch.setattr(SimStore, "find_commands", find_commands)


class AnyDigest(str):
    """A digest that equals every other."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def accept_stale_answers(patch: Patch) -> None:
    """The sender takes any answer for one to its present attempt."""
    real = sender.Sender.answered

    def answered(self: sender.Sender, answer: Answer, now: float) -> list[sender.Action]:
        return real(self, msgspec.structs.replace(answer, attempt=self._attempt), now)

    patch.setattr(sender.Sender, "answered", answered)


def trust_the_broker(patch: Patch) -> None:
    """The broker's acknowledgement is taken for the word of Postgres."""
    real = Hub.publish

    def publish(self: Hub, data: bytes, reply: Callable[[bytes], None]) -> None:
        real(self, data, reply)
        envelope, _ = open_frame(data, verify)
        assert isinstance(envelope, Envelope)
        stands = msgspec.structs.replace(
            decode_answer(self._answer(envelope.site, envelope.attempt, AnswerStatus.OK)),
            watermark=sender.Position(envelope.epoch, envelope.last, envelope.after),
        )
        reply(encode_answer(stands))

    patch.setattr(Hub, "publish", publish)


def jump_gaps(patch: Patch) -> None:
    """The hub appends what comes, whatever is missing before it."""
    real = hub_module.receive

    def receive(watermark: sender.Position, envelope: Envelope, stored_hash: bytes | None = None) -> Verdict:
        verdict = real(watermark, envelope, stored_hash)
        if verdict.status is not AnswerStatus.GAP:
            return verdict
        before = sender.Position(envelope.epoch, envelope.first - 1, envelope.before)
        return real(before, envelope)

    patch.setattr(hub_module, "receive", receive)


def answer_anew(patch: Patch) -> None:
    """A repeated command is answered with the head of the journal instead of its first answer."""
    real = Site._first_answer

    def first_answer(self: Site, *args: Any) -> Any:
        return msgspec.structs.replace(real(self, *args), position=str(self.head))

    patch.setattr(Site, "_first_answer", first_answer)


def never_ask_again(patch: Patch) -> None:
    """The sender waits for ever for an answer that was lost."""
    patch.setattr(sender.Sender, "_patience_s", lambda self: 1e12)


def round_down(patch: Patch) -> None:
    """Tax is cut off instead of rounded, at edge and hub alike."""
    from shared.domain.arithmetic.rates import _AWAY

    patch.setitem(_AWAY, "half_up", _AWAY["down"])


def keep_voids_from_the_kitchen(patch: Patch) -> None:
    """A line is voided after fire, and nobody tells the cook."""
    patch.setattr(voiding, "line_voided", lambda view, check_id, line_id, reason: ())


def split_a_cent_away(patch: Patch) -> None:
    """The first child of a split pays a cent more tax than its part."""
    real = parts.split

    def split(parent: Sums, assignment: Assignment) -> list[Sums]:
        first, *others = real(parent, assignment)
        return [msgspec.structs.replace(first, tax_minor=first.tax_minor + 1, total_minor=first.total_minor + 1), *others]

    patch.setattr(parts, "split", split)


MUTANTS: dict[str, tuple[Callable[[Patch], None], str]] = {
    # name: (how it is planted, what the auditor must say)
    "acknowledge before sync": (
        acknowledge_before_sync,
        "is lost|where another entry stands|not in the journal|is in the cloud|does not hold",
    ),
    "forget commands": (forget_commands, "took effect twice|answered twice|was accepted"),
    "accept reused ids": (accept_reused_ids, "was accepted|digest of another"),
    "accept stale answers": (accept_stale_answers, "after it had heard of a later one|is in the cloud"),
    "trust the broker": (trust_the_broker, "is in the cloud"),
    "jump gaps": (jump_gaps, "does not hold the beginning|is in the cloud|names the unknown check"),
    "answer anew": (answer_anew, "answered twice, and differently"),
    "never ask again": (never_ask_again, "does not come to rest"),
    "keep voids from the kitchen": (keep_voids_from_the_kitchen, "stand on tickets as if they were not"),
    "split a cent away": (split_a_cent_away, "was split into"),
    "round down": (round_down, "its lines come to|a check was closed with|were due|was split into|is wrong|not add up"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_auditor_catches_the_mutant(name: str, monkeypatch: Patch) -> None:
    plant, verdict = MUTANTS[name]
    plant(monkeypatch)
    for seed in range(1, MUTANT_SEEDS + 1):
        try:
            run(seed)
        except Failure as failure:
            said = str(failure)
            assert re.search(verdict, said.splitlines()[0]), said.splitlines()[0]
            assert f"make sim SEED={seed}" in said
            assert "the last events:" in said
            return
    pytest.fail(f"{MUTANT_SEEDS} seeds did not notice: {name}")


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
    with pytest.raises(Violation, match="check number"):
        Ledger.of(entries)


def _journal_of(seed: int) -> list[dict[str, Any]]:
    world = World(seed)
    world.run()
    return [json.loads(data) for _, _, data in world.boxes[0].disk.platter()]
