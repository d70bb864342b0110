"""Walks of the device session, written down for its twin in TypeScript: `python -m tests.unit.shared.protocol.device_vectors`.

What lives here: how a walk is drawn from its seed, and its form: what was told, what was answered, and what then stood otherwise than
before. The file, shared/ui/tests/device-vectors.json, is replayed by shared/ui/tests/session.test.ts; test_device_vectors.py fails when
it is stale.
"""

import random
import sys
from pathlib import Path
from typing import Any

import msgspec

from shared.protocol.device import DeviceSession
from shared.protocol.device_words import Action, Forget, Keep, Kept, Memory, News, Send
from shared.protocol.entry import Position
from shared.protocol.session import HandIn, ShowClaim
from tests.unit.shared.protocol.devices import accepted, box, kept, place, results

__all__ = ["TARGET", "render"]

TARGET = Path(__file__).resolve().parents[4] / "shared" / "ui" / "tests" / "device-vectors.json"
WALKS = 50
STEPS = 45
_CODES = ((0, 8), (4400, 1), (4401, 1), (4408, 1), (4409, 4), (4429, 1), (1006, 2))
_REFUSALS = (
    ("check.closed", 409), ("box.fenced", 409), ("box.recovering", 503), ("edge.busy", 503), ("commit.unknown", 503), ("storage.full", 507),
    ("device.unknown", 401), ("card.offline", 503), ("edge.defect", 500), ("permission.missing", 403),
)  # fmt: skip
_CLAIM_ANSWERS = (
    ("claim_taken", 0), ("claim_taken", 3), ("claim_refused", "fence.bad_claim", 422), ("claim_refused", "route.unknown", 404),
    ("claim_refused", "storage.full", 507), ("claim_silent",),
)  # fmt: skip
_MEMORIES = (Memory(), Memory(), Memory("s", 1, "claim-1", 1), Memory("s", 1, "claim-1", 1), Memory("s", 9, "claim-9", 9), Memory("s", 9))
_TYPES = ("OpenCheck", "AddLine", "SendCheck", "FireCourse", "BumpTicket", "VoidLine", "PayCash", "MarkShown")
_GAPS_MS = (1, 20, 260, 1_100, 5_000, 11_000, 400_000, 1_000_000)


class _Walk:
    """A device and a world that answers it as a seed pleases: mostly sensibly, now and then not."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.now = 1_000_000
        self.head = 10
        self.epoch = 1
        self.names = 0
        self.sending: Kept | None = None
        self.handing: HandIn | None = None
        self.showing = False
        old = kept("old", "AddLine", "SendCheck", kept_ms=self.now - 1_200_000)
        self.begin: dict[str, Any] = {
            "kept": [old] if self.rng.random() < 0.3 else [], "memory": self.rng.choice(_MEMORIES),
            "isLeading": self.rng.random() < 0.8, "isMoot": self.rng.random() < 0.2,
        }  # fmt: skip
        self.session = DeviceSession(
            kept=self.begin["kept"], memory=self.begin["memory"], is_leading=self.begin["isLeading"],
            is_moot=lambda _: self.begin["isMoot"],
        )  # fmt: skip
        self.steps: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        self.tell("start")
        for _ in range(STEPS):
            self.now += self.rng.choice(_GAPS_MS[: self.rng.choice((3, 4, 6, 8))])
            getattr(self, "_" + self.rng.choices(*zip(*_MOVES, strict=True))[0])()
        return {**self.begin, "steps": self.steps}

    def tell(self, what: str, *said: Any) -> None:
        actions: list[Action] = getattr(self.session, what)(*said, self.now)
        for action in actions:
            if isinstance(action, Send):
                self.sending = action.kept
            elif isinstance(action, HandIn):
                self.handing = action
            elif isinstance(action, ShowClaim):
                self.showing = True
        session = self.session
        state = {
            "phase": session.phase, "wrong": session.wrong, "cursor": session.cursor, "cloud": session.cloud, "asked": session.asked,
            "kept": [each.id for each in session.kept], "held": session.held.acknowledged_order(), "unseen": sorted(session.unseen),
            "memory": session.memory, "isTurnedAway": session.is_turned_away,
            "canTrust": session.can_trust,
        }  # fmt: skip
        changed = {key: value for key, value in state.items() if self.state.get(key) != value}
        self.state = state
        self.steps.append({"tell": what, "said": said, "nowMs": self.now, "actions": actions, "then": changed})

    # --- moves ---

    def _request(self) -> Kept:
        self.names += 1
        return kept(f"n{self.names}", *self.rng.choices(_TYPES, k=self.rng.choice((1, 1, 1, 3))), kept_ms=self.now)

    def _submit(self) -> None:
        self.tell("submit", self._request())

    def _accept(self) -> None:
        if self.sending is None:
            return
        request, self.sending = self.sending, None
        epoch = self.epoch if self.rng.random() < 0.9 else 1
        answers = accepted(request, self.head + 1, epoch)
        self.head += len(answers)
        self.tell("accepted", request.id, answers)

    def _refuse(self) -> None:
        if self.sending is not None:
            request, self.sending = self.sending, None
            self.tell("refused", request.id, *self.rng.choice(_REFUSALS))

    def _silent(self) -> None:
        if self.sending is not None:
            self.tell("silent", self.sending.id)
        elif self.handing is not None:
            self.tell("hand_in_silent")

    def _frame(self) -> None:
        rng = self.rng
        kind = rng.random()
        state = None
        if kind < 0.55:
            state = box(self.epoch, fenced=self.epoch + 1 if kind < 0.05 else 0, recovering=0.05 <= kind < 0.12)
        elif kind < 0.58:
            state = box(max(1, self.epoch - 1))
        elif kind < 0.60:
            state = box(self.epoch, site="elsewhere")
        self.head += rng.choice((0, 0, 1, 2))
        cloud = rng.choice((None, None, self.head, max(0, self.head - 5)))
        snapshot = rng.random() < (0.9 if not self.session.cursor else 0.1)
        self.tell("frame", News(place(self.head, state.epoch if state else self.epoch), snapshot, state, cloud))

    def _disconnect(self) -> None:
        self.tell("disconnected", self.rng.choices(*zip(*_CODES, strict=True))[0])

    def _swap(self) -> None:
        self.epoch += 1
        self.head = max(1, self.head - self.rng.choice((0, 1, 3)))
        self.tell("disconnected", 4409)

    def _hand(self) -> None:
        if self.handing is None:
            return
        page, self.handing = self.handing, None
        if self.rng.random() < 0.15:
            self.tell("hand_in_refused", *self.rng.choice((("route.unknown", 404), ("permission.missing", 403), ("edge.busy", 503))))
            return
        outcomes = self.rng.choices(("known", "played", "waits", "refused"), (5, 5, 1, 1), k=len(page.commands))
        self.tell(
            "handed_in", [one for each, outcome in zip(page.commands, outcomes, strict=True) for one in results(outcome, each.submit.id)]
        )

    def _person(self) -> None:
        if self.session.asked:
            self.tell("decide", self.session.asked, self.rng.random() < 0.6)
        elif self.session.wrong == "other_site":
            self.tell("start_anew")
        elif self.session.can_trust and self.rng.random() < 0.5:
            self.tell("trust")

    def _claim(self) -> None:
        if self.showing:
            self.showing = False
            what, *said = self.rng.choice(_CLAIM_ANSWERS)
            self.tell(str(what), *said)

    def _tick(self) -> None:
        self.tell(self.rng.choice(("tick", "tick", "tick", "hurry")))

    def _tab(self) -> None:
        if self.rng.random() < 0.5:
            self.session.reload(self.session.kept, [], Memory())
            self.steps.append(
                {"tell": "reload", "said": [tuple(self.session.kept), [], Memory()], "nowMs": self.now, "actions": [], "then": {}}
            )
        self.tell("lead", not self.session.is_leading or self.rng.random() < 0.5)

    def _other_tab(self) -> None:
        request = self._request()
        self.tell("overheard", Keep(request))
        if self.rng.random() < 0.3:
            self.tell("overheard", Forget(request.id))


_MOVES = (
    ("submit", 8), ("accept", 10), ("refuse", 3), ("silent", 2), ("frame", 16), ("disconnect", 3), ("swap", 1), ("hand", 8), ("person", 4),
    ("claim", 4), ("tick", 14), ("tab", 1), ("other_tab", 1),
)  # fmt: skip


def render() -> bytes:
    """The whole file. Hashes of positions are cut to what fits a line; nobody looks into them."""
    walks = [msgspec.json.encode(_Walk(seed).run()) for seed in range(WALKS)]
    short = b"[\n" + b",\n".join(walks) + b"\n]\n"
    assert Position.parse(place(1))
    return short.replace(b"a" * 64, b"aa")


if __name__ == "__main__":
    TARGET.write_bytes(render())
    sys.stdout.write(f"{TARGET.name}: {WALKS} walks\n")
