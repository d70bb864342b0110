"""A tablet: the shipped device session between the people and whichever box the site's name leads to, over a LAN that fails.

What lives here: the carrying-out of the session's actions, and what a tablet writes down, which outlives its crashes. What people
propose is in workload.py; whether it was right to accept it is the auditor's business.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from edge.app.site import Device, Outcome, RefusedCommand, Request
from shared.domain.check import OpenCheck
from shared.domain.ids import uuid7
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import Ticket
from shared.domain.registry import ROLES
from shared.domain.site import AcceptClock
from shared.domain.views import check_view
from shared.protocol import device_words as words
from shared.protocol.device import DeviceSession
from shared.protocol.device_words import Action, Held, Kept, Memory
from shared.protocol.entry import START, Position
from shared.protocol.session import HandIn, HandInResult, ShowClaim, Submit
from tests.sim.box import Box
from tests.sim.network import Network
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler
from tests.sim.workload import People

__all__ = ["Tablet", "Witness"]

_CONFLICT = 409  # the status of most refusals; which of them decide stands in the session's table, by code


class Witness(Protocol):
    """Who is told what the tablet has been told."""

    def proposed(self, commands: list[tuple[str, bytes]]) -> None: ...

    def acknowledged(self, box: Box, answers: list[bytes]) -> None: ...

    def told(self, command: str, code: str) -> None: ...

    def expect(self, holds: bool, otherwise: str) -> None: ...


class Tablet:
    """One device. `kept`, `held` and `memory` are what it has written down."""

    def __init__(self, name: str, box: Box, floor: list[str], scheduler: Scheduler, profile: Profile, witness: Witness) -> None:
        self.name = name
        self.kept: dict[str, Kept] = {}
        self.held: dict[str, Held] = {}
        self.memory = Memory()
        self.shown: dict[str, tuple[str, int]] = {}  # status and total of each check on the screen
        self._box = box
        self._scheduler = scheduler
        self._profile = profile
        self._witness = witness
        self._left = profile.commands
        self._device = Device(device_id=name, permissions=ROLES["manager"])
        self._lan = Network(scheduler, f"{name} lan", profile.lan_loss, profile.lan_doubling, profile.lan_delay_s)
        self._people = People(floor, scheduler.rng, self._id, self._tickets)
        self._session = DeviceSession()
        self._answered: list[Kept] = []
        self._forged: set[bytes] = set()
        self._can_forge = not (profile.swap_every_s or profile.disk_lies_every_s)  # else the box may not know the id any more
        self._feed: tuple[Box, int] | None = None  # the box whose feed is open, and its life
        self._feeds = 0  # how often it was asked for
        self._seen = START  # what the screen shows of that box's journal
        self._life = 0

    def switch_on(self) -> None:
        self._life += 1
        life = self._life
        self._session = DeviceSession(kept=self.kept.values(), held=self.held.values(), memory=self.memory)
        self._feed, self._seen, self.shown = None, START, {}
        self._act(self._session.start(self._now_ms()))
        self._again(life, 0.5, self._tick)
        self._again(life, self._profile.look_every_s, self._look)
        self._again(life, 0.75, self._think)

    def reload(self) -> None:
        """Its browser dies and begins anew with what was written down."""
        self._scheduler.note(f"{self.name}: reloaded")
        self.switch_on()

    def heal(self) -> None:
        """Nothing is lost any more, and the evening comes to its end."""
        self._lan.is_healthy = True
        self._left = min(self._left, 10)

    def reach(self, box: Box) -> None:
        """The name of the site leads to this box now; what was open to another is cut."""
        if box is not self._box:
            self._box = box
            self._hang_up(0)

    @property
    def is_done(self) -> bool:
        return not self._left and not self.kept

    def is_current(self, box: Box) -> bool:
        """Whether the screen shows all that the box has, and the box was handed all that the tablet was told."""
        is_settled = self._session.phase is words.Phase.LIVE and (not self.held or self.memory.settled >= box.epoch)
        is_fed = self._feed == (box, box.life)  # else it has not noticed yet that the box was away
        return self._box is box and is_fed and self._seen == box.head and is_settled

    @property
    def knows_later(self) -> int:
        """The epoch of a later box than the one before it, which it remembers and nobody can prove; 0 where there is none."""
        session = self._session
        return session.memory.epoch if session.wrong == "lower" and not session.memory.claim else 0

    @property
    def state(self) -> str:
        """How it stands, for a person."""
        return f"{self._session.phase} at {self._seen.sequence} of {self._box.name}, holds {len(self.held)}, {self.memory.settled} settled"

    def _now_ms(self) -> int:
        return int(self._scheduler.now * 1000)

    def _again(self, life: int, mean_s: float, act: Callable[[], None]) -> None:
        """Now and then, until the tablet begins anew."""

        def do() -> None:
            if life == self._life:
                act()
                self._again(life, mean_s, act)

        self._scheduler.after(self._scheduler.rng.uniform(0.5, 1.5) * mean_s, do)

    # --- people ---

    def _think(self) -> None:
        """Propose the next thing, unless an answer is still awaited."""
        rng = self._scheduler.rng
        if self.kept or not self._left:
            return
        self._left -= 1
        if self._answered and rng.random() < 0.1:
            kept = rng.choice(self._answered)  # somebody presses the button again
        elif self._can_forge and self._answered and rng.random() < 0.03:
            kept = self._forge(rng.choice(self._answered))
        else:
            kept = self._request(self._people.propose())
        self._act(self._session.submit(kept, self._now_ms()))

    def _request(self, commands: list[Command]) -> Kept:
        submits = tuple(Submit(id=self._id(), command=msgspec.Raw(msgspec.json.encode(command))) for command in commands)
        self._witness.proposed([(submit.id, bytes(submit.command)) for submit in submits])
        return Kept(submits[0].id, submits, self._now_ms())

    def _forge(self, kept: Kept) -> Kept:
        """A broken tablet uses an id again for something else."""
        other = msgspec.Raw(msgspec.json.encode(OpenCheck(check_id=self._id())))
        forged = Kept(kept.id, (Submit(id=kept.id, command=other),), self._now_ms())
        self._forged.add(bytes(forged.commands[0].command))
        return forged

    def _id(self) -> str:
        return uuid7(int(self._scheduler.now * 1000) + 1_780_000_000_000, self._scheduler.rng.randbytes(10))

    def _tickets(self) -> list[Ticket]:
        return self._box.open_tickets()

    # --- what the session wants ---

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case words.Open(cursor=cursor):
                    self._open(cursor)
                case words.Send(kept=kept):
                    self._send(kept)
                case HandIn():
                    self._hand_in(action)
                case ShowClaim(claim=claim):
                    self._show_claim(claim)
                case words.Ask(kept=kept):
                    wanted = self._scheduler.chance(0.7)
                    self._scheduler.after(
                        2.0, lambda id=kept.id, wanted=wanted: self._act(self._session.decide(id, wanted, self._now_ms()))
                    )
                case words.Tell(code=code, about=about):
                    self._scheduler.note(f"{self.name}: says {code} of {about}")
                    self._witness.told(about, code)
                case _:
                    self._write_down(action)

    def _write_down(self, action: Action) -> None:
        match action:
            case words.Keep(kept=kept):
                self.kept[kept.id] = kept
            case words.Forget(id=id, held=held):
                self.kept.pop(id, None)
                self.held |= {each.id: each for each in held}
            case words.Hold(held=held):
                self.held |= {each.id: each for each in held}
            case words.Release(ids=ids):
                for id in ids:
                    self.held.pop(id, None)
            case words.Remember(memory=memory):
                self.memory = memory
            case _:
                raise AssertionError(f"the session wants {action}")

    def _tick(self) -> None:
        self._act(self._session.tick(self._now_ms()))

    # --- requests ---

    def _carry(self, what: str, act: Callable[[Box], None]) -> None:
        """To the box that the name leads to, if it is there when the request arrives."""
        box = self._box
        self._lan.carry(what, lambda: act(box) if box.is_up else None)

    def _back(self, what: str, act: Callable[[], None]) -> None:
        life = self._life
        self._lan.carry(what, lambda: act() if life == self._life else None)

    def _send(self, kept: Kept) -> None:
        request = Request(device=self._device, commands=kept.commands)
        self._carry(
            "command", lambda box: box.receive(request, lambda outcome: self._back("answer", lambda: self._heard(box, kept, outcome)))
        )  # fmt: skip

    def _heard(self, box: Box, kept: Kept, outcome: Outcome) -> None:
        if self.kept.get(kept.id) is not kept:
            return  # it was answered before: what the network brings twice is not listened to
        if isinstance(outcome, RefusedCommand):
            self._scheduler.note(f"{self.name}: refused {outcome.error.code}")
            self._act(self._session.refused(kept.id, outcome.error.code, _CONFLICT, self._now_ms()))
            if outcome.error.code == "clock.behind" and not self.kept:
                self._act(self._session.submit(self._request([AcceptClock(reason="simulated")]), self._now_ms()))
            return
        self._scheduler.note(f"{self.name}: {len(outcome)} accepted up to {outcome[-1].position[:12]}")
        is_forged = bytes(kept.commands[0].command) in self._forged
        self._witness.expect(not is_forged, "an id that belongs to another command was accepted")
        self._witness.acknowledged(box, [msgspec.json.encode(accepted) for accepted in outcome])
        self._answered.append(kept)
        self._act(self._session.accepted(kept.id, outcome, self._now_ms()))

    def _hand_in(self, said: HandIn) -> None:
        self._scheduler.note(f"{self.name}: hands in {len(said.commands)} to {self._box.name}")

        def heard(results: tuple[HandInResult, ...]) -> None:
            self._back("handed in", lambda: self._act(self._session.handed_in(results, self._now_ms())))

        self._carry("hand-in", lambda box: box.hand_in(self._device, said, heard))

    def _show_claim(self, claim: str) -> None:
        self._scheduler.note(f"{self.name}: shows its claim to {self._box.name}")
        self._carry("claim", lambda box: box.show_claim(claim))

    # --- the feed ---

    def _open(self, cursor: str) -> None:
        """The feed is asked for; it stays open until the box dies or the LAN breaks."""
        position = Position.parse(cursor) if cursor else START
        self._feed = None
        self._feeds += 1
        number = self._feeds

        def asked(box: Box) -> None:
            is_behind = box.is_trimmed(position)
            if not is_behind and not box.holds(position):
                self._back("close", lambda: self._hang_up(4409) if number == self._feeds else None)
                return
            life = box.life
            self._back("frame", lambda: self._opened(box, life, is_snapshot=not cursor or is_behind) if number == self._feeds else None)

        self._carry("feed", asked)

    def _opened(self, box: Box, life: int, *, is_snapshot: bool) -> None:
        if self._feed is None and box is self._box and box.life == life:
            self._feed = box, life
            if is_snapshot:
                self._seen, self.shown = START, {}
            self._read(box, is_snapshot=is_snapshot)

    def _look(self) -> None:
        """Read what has come on the feed: a slow tablet does so seldom."""
        if self._feed is None:
            return
        box, life = self._feed
        if box.life != life or not box.is_up or (not self._lan.is_healthy and self._scheduler.chance(self._profile.lan_loss / 4)):
            self._hang_up(0)
            return
        self._read(box, is_snapshot=False)

    def _read(self, box: Box, *, is_snapshot: bool) -> None:
        for check in box.checks(self._seen.sequence):
            view = check_view(check)
            self.shown[view.check_id] = (str(view.status), view.total_minor)
        self._seen = box.head
        news = words.News(str(box.head), is_snapshot, box.state, box.cloud)
        self._act(self._session.frame(news, self._now_ms()))

    def _hang_up(self, code: int) -> None:
        self._feed = None
        self._feeds += 1
        self._act(self._session.disconnected(code, self._now_ms()))
