"""A device of a site in its dealings with the box: a state machine without sockets or clocks.

What lives here: when a device follows the feed and from where, when it sends what it keeps, which box it trusts, and what it hands in
when a box may have lost what another acknowledged. It is told of the feed, answers, a person's word and the time, and says what its
shell is to do. Screens, HTTP and storage are not known here. The same machine in TypeScript is shared/ui/session.ts; states and
transitions are in docs/protocol.md, Device sessions.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from shared import limits
from shared.protocol import device_words as words
from shared.protocol.device_held import NOWHERE, HeldCommands, epoch_of, held_of, sequence_of
from shared.protocol.device_words import Action, Held, Kept, Memory, News, Phase
from shared.protocol.session import Accepted, BoxState, HandIn, HandInResult, ShowClaim

__all__ = ["DeviceSession"]

_NO_BOX = BoxState(epoch=0)
_NEW = Memory()
_LONGEST_MS = int(limits.UI_RECONNECT_MAX_S * 1000)
_PATIENCE_MS = int(limits.UI_COMMAND_TIMEOUT_S * 1000)


def _growing_ms(attempt: int) -> int:
    """Milliseconds before the next attempt, doubled each time."""
    return min(_LONGEST_MS, int(limits.UI_RECONNECT_MIN_S * 1000) * 2 ** min(attempt, 16))


class DeviceSession:
    """One device. Every method takes `now_ms`, milliseconds by the device's clock, and returns actions to be done in their order."""

    def __init__(
        self, *, kept: Iterable[Kept] = (), held: Iterable[Held] = (), memory: Memory = _NEW, is_leading: bool = True,
        is_moot: Callable[[Kept], bool] = lambda kept: False,
    ) -> None:  # fmt: skip
        """`kept`, `held` and `memory` are what an earlier life wrote down. Only a leading session sends: of two tabs of one device one
        leads. `is_moot` says of a stale kitchen command that the site shows its effect already."""
        self.kept = list(kept)
        self.held = HeldCommands(held)
        self.memory = memory
        self._noted = memory  # what of it is written down
        self.phase = Phase.OFFLINE
        self.cursor = ""
        self.cloud = 0  # the sequence that the cloud has, as the box last said
        self.box = _NO_BOX  # as it last spoke
        self.is_turned_away = False
        self.is_leading = is_leading
        self._is_moot = is_moot
        self._heard = False  # a frame has come since the feed was opened
        self._is_forked = False  # the journal of the box did not hold the cursor
        self._can_hand_in = True
        self._unproved: set[str] = set()  # what was owed, or handed in and not placed yet, when the feed broke
        self._owed: list[str] | None = None  # held commands that this box is to be handed; None: it has been
        self._handing: tuple[str, ...] | None = None  # a hand-in without an answer
        self._is_clear = False  # all that this box was owed when it was first heard has been handed in
        self._waited = False  # the box said of some that they wait
        self._to_place: list[str] = []  # handed in, and at an unknown place until the feed begins anew
        self._claim_told = False
        self._is_doubted = False  # the box was shown the claim that is remembered, and it proved nothing
        self.asked = ""  # the request that a person is asked about
        self.unseen: dict[str, Held] = {}  # accepted, and its effect not yet brought by the feed
        self._sending = ""  # a request without an answer
        self._confirmed: set[str] = set()
        self._feed_deadline_ms = 0  # until which the first frame is waited for
        self._answer_deadline_ms = 0  # until which an answer to a request or a hand-in is
        self._next_ms = 0  # nothing is asked before
        self._attempt = 0

    # --- what is so ----------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        return len(self.kept) >= limits.UI_QUEUE_MAX

    @property
    def wrong(self) -> str:
        """Why the box is the wrong one: `fenced`, `lower` or `other_site`; empty when it is not, or is not known."""
        mine, theirs = self.memory.site_id, self.box.site_id
        if not self._heard:
            return ""
        if mine and theirs and mine != theirs:
            return "other_site"
        return "fenced" if self.box.fenced_epoch else "lower" if self.box.epoch < self.memory.epoch else ""

    @property
    def can_trust(self) -> bool:
        """Whether a person may say that this box is the right one, though a higher epoch is remembered: that epoch has proved to be
        nobody's word but that of a machine on the network. This device can check no signature; a box can."""
        is_unproved = self._is_doubted or (not self.memory.claim and self.box.claim != "")
        return self.wrong == "lower" and is_unproved

    # --- the feed ------------------------------------------------------------------------------

    def start(self, now_ms: int) -> list[Action]:
        """The device is switched on."""
        return self._open(now_ms)

    def hurry(self, now_ms: int) -> list[Action]:
        """The network is said to be back, or a person looks: wait no longer."""
        self._attempt, self._next_ms = 0, now_ms
        return self.tick(now_ms)

    def disconnected(self, code: int, now_ms: int) -> list[Action]:
        """The feed is gone: `code` is its close code, 0 where there is none."""
        after = words.AFTER_CLOSE.get(code, words.ANY_CLOSE)
        self.phase, self._heard = Phase.OFFLINE, False
        self.is_turned_away = code == 4401
        self._is_forked |= after.cursor == "fork"
        if after.cursor != "keep":
            self.cursor = ""
        self._unproved |= {*(self._owed or ()), *self._to_place} if self._can_hand_in else set()
        self._handing, self._to_place = None, []
        self._later(now_ms, after.pause == "longest")
        return []

    def frame(self, news: News, now_ms: int) -> list[Action]:
        """A frame of the feed."""
        if self.phase is Phase.OFFLINE:
            return []
        first, resumed_from = not self._heard, "" if news.is_snapshot else self.cursor
        if first:
            self._heard, self._can_hand_in, self._claim_told, self.is_turned_away = True, True, False, False
            self._is_clear = self._is_doubted = False
            self._attempt, self._next_ms = 0, now_ms
        if news.is_snapshot or sequence_of(news.position) >= sequence_of(self.cursor):
            self.cursor = news.position
        if news.cloud is not None:
            self.cloud = news.cloud
        was_recovering = self.box.is_recovering and not first
        actions = self._meet(news, first)
        placed: list[str] = []
        if first and self._to_place:
            placed, self._to_place = self._to_place, []
            actions.append(words.Hold(self.held.place(placed, sequence_of(news.position))))  # what was handed in lies below it
        if first or (was_recovering and not self.box.is_recovering):
            self._owe(resumed_from, frozenset(placed))
        self._see()
        return actions + self._go_on(now_ms)

    def _see(self) -> None:
        """The feed has come to the cursor. What lies above it and is not owed to this box will be brought, or is not to be had."""
        reached, owed = sequence_of(self.cursor), frozenset(self._owed or ())
        for id in list(self.unseen):
            held = self.held.get(id)
            if held is None or held.needed <= reached or (held.needed == NOWHERE and id not in owed):
                del self.unseen[id]

    def _open(self, now_ms: int) -> list[Action]:
        self.phase, self._heard = Phase.ASKING, False
        self._feed_deadline_ms = now_ms + _PATIENCE_MS
        return [words.Open(self.cursor)]

    def _meet(self, news: News, first: bool) -> list[Action]:
        """Learn which box speaks. One of an older release says only by its positions under which epoch it writes."""
        if news.box is None and not first:
            return []
        self.box = news.box or BoxState(epoch=epoch_of(news.position))
        return self._learn()

    def _learn(self) -> list[Action]:
        """Remember the box that is heard, if it is the right one."""
        if self.wrong == "other_site" and not (self.kept or len(self.held)):
            self.memory = _NEW  # nothing here is meant for another site: the device has moved
        if self.wrong:
            return []
        box, memory = self.box, self.memory
        settled = max(box.epoch, memory.settled) if memory.epoch == 0 or len(self.held) == 0 else memory.settled
        claim = box.claim or (memory.claim if box.epoch == memory.epoch else "")
        self.memory = Memory(box.site_id or memory.site_id, box.epoch, claim, settled)
        return self._note() if self.memory != self._noted and self.is_leading else []

    def _note(self) -> list[Action]:
        self._noted = self.memory
        return [words.Remember(self.memory)]

    def start_anew(self, now_ms: int) -> list[Action]:
        """A person says that this device belongs to the site of the box it talks to: what it keeps for another is given up."""
        if self.wrong != "other_site":
            return []
        kept, ids = self.kept, tuple(self.held.acknowledged_order())
        self.kept, self.held, self.memory, self.cursor, self._is_forked = [], HeldCommands(), _NEW, "", False
        gone: list[Action] = [*(words.Forget(each.id) for each in kept), words.Release(ids), *self._note()]
        return [*gone, *self._open(now_ms)]

    def trust(self, now_ms: int) -> list[Action]:
        """A person says that this box is the right one: the epoch that nothing proves is forgotten. What is kept goes to this box, and
        all that is held is handed in to it, whoever accepted it."""
        if not self.can_trust:
            return []
        box = self.box
        self.memory = Memory(self.memory.site_id, box.epoch, box.claim, 0 if len(self.held) else box.epoch)
        self.cursor = ""
        return [*self._note(), *self._open(now_ms)]

    # --- what waits ----------------------------------------------------------------------------

    def submit(self, kept: Kept, now_ms: int) -> list[Action]:
        """A person asks for something; nothing happens when `is_full`."""
        if self.is_full:
            return []
        self.kept.append(kept)
        return [words.Keep(kept), *self._go_on(now_ms)]

    def accepted(self, id: str, answers: Sequence[Accepted], now_ms: int) -> list[Action]:
        """The box has accepted a request: the answers to its commands, in order."""
        kept = self._take(id)
        if kept is None:
            return []
        held = held_of(kept.commands, answers, now_ms)
        if any(epoch_of(each.command.position) < self.memory.epoch for each in held):
            # A box that has been replaced meanwhile: what it accepted is on no journal of the present one.
            held = tuple(msgspec.structs.replace(each, needed=NOWHERE) for each in held)
            self._owed = [*(self._owed or []), *(each.id for each in held)] if self._heard else None
        self._note_held(held)
        done, given_up = self.held.to_make_room(self._clouded)
        return [words.Forget(id, held), *self._release(done, given_up, "held.full"), *self._go_on(now_ms)]

    def _note_held(self, held: Sequence[Held]) -> None:
        """Hold what was accepted, and wait for its effect to be brought."""
        self.held.put(held)
        if any(each.needed <= self.cloud for each in held):
            self.cloud = 0  # said before these were accepted, perhaps of what stood in their place: let it be said again
        self.unseen.update((each.id, each) for each in held if each.needed > sequence_of(self.cursor))

    def refused(self, id: str, code: str, status: int, now_ms: int) -> list[Action]:
        """The box has refused a request; whether for good stands in the table."""
        if not words.is_final(code, status):
            return self.silent(id, now_ms)
        return [words.Forget(id), *self._go_on(now_ms)] if self._take(id) else []

    def silent(self, id: str, now_ms: int) -> list[Action]:
        """No answer, or none that decides: the same bytes under the same id are sent again."""
        if id and id == self._sending:
            self._sending = ""
            self._later(now_ms)
        return []

    def decide(self, id: str, is_wanted: bool, now_ms: int) -> list[Action]:
        """A person's answer to `Ask`."""
        if id != self.asked:
            return []
        self.asked = ""
        if is_wanted:
            self._confirmed.add(id)
            return self._go_on(now_ms)
        self._take(id)
        return [words.Forget(id), *self._go_on(now_ms)]

    def _take(self, id: str) -> Kept | None:
        found = next((each for each in self.kept if each.id == id), None)
        if found is not None:
            self.kept.remove(found)
        if id == self._sending:
            self._sending, self._attempt = "", 0
        self._confirmed.discard(id)
        return found

    # --- handing in ----------------------------------------------------------------------------

    def _owe(self, resumed_from: str, placed: frozenset[str] = frozenset()) -> None:
        """What this box is to be handed: everything where it is another's journal, else what nothing has proved yet to be in it; `placed`
        was handed in to it just now.

        A cursor that the box took proves what lies below it, unless it gave a snapshot instead: then it may have let go of what stood there
        (found by the simulator, seed 14217). Above it a box whose disk lied may have lost what it acknowledged. What the cloud has proves
        nothing: it may have what the box wrote since in the place of that (seed 37). Nor does a cursor prove what was owed when the feed
        broke: it went on above that meanwhile (seed 64051).
        """
        is_all = self.box.is_recovering or self._is_forked or self.box.epoch > self.memory.settled
        owed = self.held.acknowledged_order(-1 if is_all else sequence_of(resumed_from), self._unproved)
        self._owed = [id for id in owed if is_all or id not in placed]
        self._unproved = set()
        if not self._owed and not self.box.is_recovering:
            self._owed, self._is_forked = None, False
        self._handing, self._waited = None, False

    def handed_in(self, results: Sequence[HandInResult], now_ms: int) -> list[Action]:
        """The box's answer to a hand-in."""
        if self._handing is None or self._owed is None:
            return []
        actions: list[Action] = []
        for result in results:
            if result.outcome == "refused":
                actions += self._release([], [result.command_id], result.code or "hand_in.refused")
            elif result.outcome == "waits":
                self._waited = True
            else:
                self._to_place.append(result.command_id)
        # Where they stand in this journal is not said; until the feed has begun anew, the cloud is not known to have them.
        actions.append(words.Hold(self.held.place([each for each in self._to_place if each in self._handing], NOWHERE)))
        handed = set(self._handing)
        self._handing, self._attempt = None, 0
        self._owed = [id for id in self._owed if id not in handed] or None
        if self._owed is None:
            actions += self._all_handed_in(now_ms)
        return actions + self._go_on(now_ms)

    def _all_handed_in(self, now_ms: int) -> list[Action]:
        if self.box.is_recovering:
            return []  # it plays them when all tablets have handed in; then they are asked about once more
        if self._waited:
            self._owe("")
            self._later(now_ms)
            return []
        self._is_forked = False
        self.memory = msgspec.structs.replace(self.memory, settled=self.box.epoch)
        # Asked for anew, the feed says up to where the journal goes that holds what was handed in. With the cursor: the box may have been
        # away unnoticed, and have lost what it acknowledged above that since (found by the simulator, seed 5982).
        return [*self._note(), *(self._open(now_ms) if self._to_place else [])]

    def hand_in_refused(self, code: str, status: int, now_ms: int) -> list[Action]:
        """The box takes no hand-in: an older one does not know what it is, and is sold on all the same."""
        if not words.is_final(code, status):
            return self.hand_in_silent(now_ms)
        self._can_hand_in, self._handing = False, None
        self.unseen.clear()
        told: list[Action] = [] if code == "route.unknown" else [words.Tell(code)]
        return told + self._go_on(now_ms)

    def hand_in_silent(self, now_ms: int) -> list[Action]:
        """No answer: the box plays the same command once, however often it is handed in."""
        if self._handing is not None:
            self._handing = None
            self._later(now_ms)
        return []

    def claim_silent(self, now_ms: int) -> list[Action]:
        """Nobody heard the claim: show it again."""
        self._claim_told = False
        self._later(now_ms)
        return []

    def claim_taken(self, fenced_epoch: int, now_ms: int) -> list[Action]:
        """The box has read the claim. One that is not fenced by it has seen that it is of no higher epoch: whoever showed it to this
        device lied about its epoch."""
        self._is_doubted = self.wrong == "lower" and fenced_epoch == 0
        return self._go_on(now_ms)

    def claim_refused(self, code: str, status: int, now_ms: int) -> list[Action]:
        """The box takes the claim for none. A box of an older release does not know what a claim is, and says nothing about it."""
        if not words.is_final(code, status):
            return self.claim_silent(now_ms)
        self._is_doubted = self.wrong == "lower" and code == "fence.bad_claim"
        return self._go_on(now_ms)

    # --- tabs of one device ----------------------------------------------------------------------

    def overheard(self, action: Action, now_ms: int) -> list[Action]:
        """Another tab of this device has written this down."""
        match action:
            case words.Keep(kept):
                if all(each.id != kept.id for each in self.kept):
                    self.kept.append(kept)
            case words.Forget(id, held):
                self._take(id)
                self._note_held(held)
            case words.Hold(held):
                self.held.put(held)
            case words.Release(ids):
                self.held.drop(ids)
            case words.Remember(memory):
                self.memory = self._noted = memory
            case _:
                return []
        return self._go_on(now_ms)

    def reload(self, kept: Iterable[Kept], held: Iterable[Held], memory: Memory) -> None:
        """What is written down, before this tab begins to lead: the box that is heard is judged by it."""
        self.kept, self.held, self.memory, self._noted = list(kept), HeldCommands(held), memory, memory

    def lead(self, is_leading: bool, now_ms: int) -> list[Action]:
        """This tab is the one that sends from now on, or no longer."""
        self.is_leading = is_leading
        self._sending, self.asked, self._handing = "", "", None
        if not (is_leading and self._heard):
            return self._go_on(now_ms)
        actions = self._learn()
        if not self._is_clear:
            self._owe("")
        return actions + self._go_on(now_ms)

    # --- time ----------------------------------------------------------------------------------

    def tick(self, now_ms: int) -> list[Action]:
        """Time has passed. Call a few times a second."""
        if self.phase is Phase.OFFLINE:
            return self._open(now_ms) if now_ms >= self._next_ms else []
        if self.phase is Phase.ASKING and now_ms >= self._feed_deadline_ms:
            return self.disconnected(0, now_ms)
        if now_ms >= self._answer_deadline_ms:
            self.silent(self._sending, now_ms)
            self.hand_in_silent(now_ms)
        return self._go_on(now_ms)

    def _later(self, now_ms: int, longest: bool = False) -> None:
        self._next_ms = now_ms + (_LONGEST_MS if longest else _growing_ms(self._attempt))
        self._attempt += 1

    # --- what comes next -------------------------------------------------------------------------

    def _go_on(self, now_ms: int) -> list[Action]:
        """Once a box is heard: the first row of _JUDGED that fits says what it is to this device, and what to do with it."""
        if not self._heard:
            return []
        self.phase, act = next((phase, act) for phase, fits, act in _JUDGED if fits(self, now_ms))
        if self.phase is not Phase.WAITING_PERSON:
            self.asked = ""
        if not self.is_leading:
            return []
        self._is_clear |= self.phase in (Phase.LIVE, Phase.WAITING_PERSON)
        return [*self._release(*self.held.to_release(self._clouded, now_ms), "held.expired"), *act(self, now_ms)]

    @property
    def _clouded(self) -> int:
        """The sequence up to which the cloud has what is held; -1 while places are not those of the present box's journal."""
        is_one_branch = self._heard and not self.wrong and self._owed is None and not (self._is_forked or self._to_place)
        return self.cloud if is_one_branch and self.memory.settled == self.box.epoch else -1

    def _release(self, done: Sequence[str], given_up: Sequence[str], code: str) -> list[Action]:
        """Hold these no more; of those that the cloud does not have a person is told."""
        ids = (*done, *given_up)
        self.held.drop(ids)
        return [*(words.Tell(code, id) for id in given_up), words.Release(ids)] if ids else []

    def owes_hand_in(self, now_ms: int) -> bool:
        """Whether the box is to be handed something first, or still plays what it was handed."""
        return self.is_leading and self._can_hand_in and (self.box.is_recovering or self._owed is not None)

    def is_stale(self, now_ms: int) -> bool:
        """Whether a person is to be asked about what is next."""
        return self._head_is_old(now_ms) and not self.unseen and not self._is_moot(self.kept[0])

    def _head_is_old(self, now_ms: int) -> bool:
        """Whether what is next is for the kitchen, and older than its patience."""
        if not self.kept or self._sending or not self.is_leading:
            return False
        head = self.kept[0]
        is_old = now_ms - head.kept_ms > limits.UI_KITCHEN_STALE_S * 1000 and head.id not in self._confirmed
        return is_old and any(words.type_of(submit) in words.FOR_THE_KITCHEN for submit in head.commands)

    def show_claim(self, now_ms: int) -> list[Action]:
        """A box of a lower epoch than remembered fences itself when it sees the claim; told once in a connection."""
        if self._claim_told or self.wrong != "lower" or not self.memory.claim or now_ms < self._next_ms:
            return []
        self._claim_told = True
        return [ShowClaim(claim=self.memory.claim)]

    def hand_in(self, now_ms: int) -> list[Action]:
        """The next page, in the order in which boxes acknowledged."""
        if self._owed is None or self._handing is not None or now_ms < self._next_ms:
            return []
        page = self._owed[: limits.UI_HAND_IN_MAX]
        self._handing, self._answer_deadline_ms = tuple(page), now_ms + _PATIENCE_MS
        commands = tuple(held.command for id in page if (held := self.held.get(id)))
        return [HandIn(commands=commands, is_last=len(page) == len(self._owed))]

    def ask(self, now_ms: int) -> list[Action]:
        """Ask once."""
        if self.asked:
            return []
        self.asked = self.kept[0].id
        return [words.Ask(self.kept[0])]

    def send(self, now_ms: int) -> list[Action]:
        """What is next, one at a time. A stale kitchen command waits until the feed shows all that was accepted before it."""
        if self._sending or not self.kept or now_ms < self._next_ms or (self.unseen and self._head_is_old(now_ms)):
            return []
        self._sending, self._answer_deadline_ms = self.kept[0].id, now_ms + _PATIENCE_MS
        return [words.Send(self.kept[0])]


# What a box that is heard is to this device, and what is done about it: the first row that fits.
_Row = tuple[Phase, Callable[[DeviceSession, int], bool], Callable[[DeviceSession, int], list[Action]]]
_JUDGED: tuple[_Row, ...] = (
    (Phase.WRONG_BOX, lambda session, now_ms: bool(session.wrong), DeviceSession.show_claim),
    (Phase.HANDING_IN, DeviceSession.owes_hand_in, DeviceSession.hand_in),
    (Phase.WAITING_PERSON, DeviceSession.is_stale, DeviceSession.ask),
    (Phase.LIVE, lambda session, now_ms: True, DeviceSession.send),
)
