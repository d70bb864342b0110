"""A tablet, the boxes of its site, and everything that can go wrong between them: nothing acknowledged is lost, nothing is in effect twice.

The boxes are models of three lines each: a journal of command ids, an epoch, and what a replacement was restored with.
"""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.protocol.device import DeviceSession
from shared.protocol.device_words import Action, Ask, Forget, Held, Hold, Keep, Kept, Memory, News, Open, Release, Remember, Send
from shared.protocol.entry import Position
from shared.protocol.session import Accepted, BoxState, HandIn, HandInResult, ShowClaim
from tests.unit.shared.protocol.devices import AT, kept

SECOND_MS = 1_000


class _Box:
    """Entries are (epoch, command id), one for each command; an entry without an id is the beginning of an epoch."""

    def __init__(self, epoch: int, restored: list[tuple[int, str]]) -> None:
        self.epoch = epoch
        self.journal = [*restored, (epoch, "")]
        self.fenced = 0

    def position(self, sequence: int = 0) -> str:
        """That of an entry, or of the head; what came before goes into the hash."""
        sequence = sequence or len(self.journal)
        mark = random.Random(repr(self.journal[:sequence])).randbytes(32)
        return str(Position(self.journal[sequence - 1][0], sequence, mark))

    def holds(self, cursor: str) -> bool:
        sequence = Position.parse(cursor).sequence
        return sequence <= len(self.journal) and self.position(sequence) == cursor

    def play(self, id: str) -> str:
        """The position at which a command is in effect, once."""
        if all(id != known for _, known in self.journal):
            self.journal.append((self.epoch, id))
        return self.position(1 + [known for _, known in self.journal].index(id))


class _House:
    """The site's address, and one tablet with its disk."""

    def __init__(self) -> None:
        self.boxes = [_Box(1, [])]
        self.present = self.at = self.boxes[0]  # the box of the highest epoch, and the one that stands at the address
        self.now = 0
        self.cloud = 0
        self.is_cut = False
        self.kept: dict[str, Kept] = {}
        self.held: dict[str, Held] = {}
        self.memory = Memory()
        self.acknowledged: set[str] = set()
        self.asked_for: list[str] = []
        self.lost_answers = 0
        self.switch_on()

    def switch_on(self) -> None:
        self.session = DeviceSession(kept=self.kept.values(), held=self.held.values(), memory=self.memory)
        self.do(self.session.start(self.now))

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Open(cursor):
                    self.open(cursor)
                case Send(request):
                    self.send(request)
                case HandIn(commands=commands):
                    self.hand_in([each.submit.id for each in commands])
                case ShowClaim(claim=claim):
                    self.at.fenced = int(claim)
                case Ask(request):
                    self.do(self.session.decide(request.id, True, self.now))
                case _:
                    self.write_down(action)

    def write_down(self, action: Action) -> None:
        match action:
            case Keep(request):
                self.kept[request.id] = request
            case Forget(id, held):
                self.kept.pop(id)
                self.held |= {each.id: each for each in held}
            case Hold(held):
                self.held |= {each.id: each for each in held}
            case Release(ids):
                for id in ids:
                    assert self.held.pop(id).needed <= self.cloud, "only what the cloud has may go"
            case Remember(memory):
                self.memory = memory
            case _:
                raise AssertionError(f"a person would be told {action}")

    def open(self, cursor: str) -> None:
        if self.is_cut:
            return
        if cursor and not self.at.holds(cursor):
            self.do(self.session.disconnected(4409, self.now))
        else:
            self.frame(is_snapshot=not cursor)

    def frame(self, *, is_snapshot: bool = False) -> None:
        if not self.is_cut:
            state = BoxState(epoch=self.at.epoch, claim=str(self.at.epoch), fenced_epoch=self.at.fenced)
            cloud = self.cloud if self.at is self.present else 0
            self.do(self.session.frame(News(self.at.position(), is_snapshot, state, cloud), self.now))

    def send(self, request: Kept) -> None:
        assert self.at.epoch >= self.memory.epoch, "a box of a lower epoch than remembered gets no commands"
        if self.is_cut or self.at.fenced:
            self.do(self.session.silent(request.id, self.now))
            return
        position = self.at.play(request.id)
        if self.lost_answers > 0:
            self.lost_answers -= 1
            return
        self.acknowledged.add(request.id)
        answers = [Accepted(command_id=request.id, position=position, at=AT, business_date="2026-03-02", events=())]
        self.do(self.session.accepted(request.id, answers, self.now))

    def hand_in(self, ids: list[str]) -> None:
        assert self.at.epoch == self.memory.epoch, "only the present box, as far as is known, is handed anything"
        if self.is_cut:
            self.do(self.session.hand_in_silent(self.now))
            return
        for id in ids:
            self.at.play(id)
        results = [HandInResult(command_id=id, outcome="played") for id in ids]
        self.do(self.session.handed_in(results, self.now))

    # --- what happens ---

    def order(self) -> None:
        request = kept(f"n{len(self.asked_for)}", kept_ms=self.now)
        self.asked_for.append(request.id)
        self.do(self.session.submit(request, self.now))

    def lose_answer(self) -> None:
        self.lost_answers += 1

    def cut(self) -> None:
        self.is_cut = True
        self.do(self.session.disconnected(0, self.now))

    def heal(self) -> None:
        self.is_cut, self.lost_answers = False, 0

    def swap(self, lacking: int = 2) -> None:
        """A replacement stands there, restored up to a little before the end, never behind the cloud."""
        upto = max(self.cloud, len(self.present.journal) - lacking)
        self.boxes.append(_Box(self.present.epoch + 1, self.present.journal[:upto]))
        self.present = self.boxes[-1]
        self.stand(self.present)

    def old_box(self) -> None:
        self.stand(self.boxes[max(0, len(self.boxes) - 2)])

    def stand(self, box: _Box) -> None:
        self.at = box
        self.do(self.session.disconnected(0, self.now))

    def back(self) -> None:
        self.stand(self.present)

    def reach_cloud(self) -> None:
        self.cloud = len(self.present.journal)
        self.frame()

    def restart(self) -> None:
        self.switch_on()

    def wait(self, seconds: int = 1) -> None:
        for _ in range(seconds * 4):
            self.now += SECOND_MS // 4
            self.do(self.session.tick(self.now))
        self.frame()

    def two_days(self) -> None:
        self.now += 2 * 24 * 3600 * SECOND_MS
        self.wait()


_ACTS = (
    "order",
    "order",
    "order",
    "wait",
    "wait",
    "lose_answer",
    "cut",
    "heal",
    "swap",
    "old_box",
    "back",
    "reach_cloud",
    "restart",
    "two_days",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_ACTS), max_size=40))
def test_whatever_happens_the_present_box_has_everything_once_in_the_end(acts: list[str]) -> None:
    house = _House()
    for act in acts:
        getattr(house, act)()
    house.heal()
    house.back()
    house.wait(60)
    there = [id for _, id in house.present.journal if id]
    assert sorted(there) == sorted(house.asked_for), "each once"
    assert house.acknowledged == set(house.asked_for)
    assert not house.kept
    assert (house.session.wrong, house.session.phase) == ("", "live")
