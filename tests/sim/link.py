"""A simulated link: the shipped sender between a box's journal and the hub, over a WAN that fails.

What lives here: the carrying-out of the sender's actions, as edge/link/shell.py does it over sockets. What to send, and when, is decided
by `shared.protocol.sender`; the meaning of entries is not known at all.
"""

from collections.abc import Sequence
from typing import Protocol

from shared import limits
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Figures, SiteCommand, decode_answer
from shared.protocol.sender import (
    Action,
    Alarm,
    BackedUp,
    Carry,
    Fenced,
    Follow,
    Identity,
    Phase,
    Publish,
    Sender,
    WantKeepsakes,
    Watermark,
)
from shared.protocol.subjects import Address
from tests.sim.claims import Granted
from tests.sim.hub import Hub
from tests.sim.network import Network
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler
from tests.sim.seals import signer

__all__ = ["Journal", "Link"]

_PAGE = 50  # entries the link reads at once


class Journal(Protocol):
    """The box, as its link sees it over the Unix socket."""

    @property
    def head(self) -> Position: ...

    @property
    def begins(self) -> Position: ...

    @property
    def epoch_begins(self) -> tuple[Position, ...]: ...

    def read(self, after_sequence: int, limit: int) -> Sequence[StoredEntry]: ...

    def told_watermark(self, position: Position, incarnation: str) -> None: ...

    def told_alarm(self, code: str, detail: str) -> None: ...

    def told_backed_up(self, sequence: int) -> None: ...

    def told_fenced(self, epoch: int, token: str, kept: Position) -> None: ...

    def told_commands(self, commands: Sequence[SiteCommand]) -> dict[str, str]: ...


class Link:
    """One box's link process; `start` begins a new process each time."""

    def __init__(
        self, name: str, address: Address, claim: Granted, key: str, journal: Journal, hub: Hub, scheduler: Scheduler, profile: Profile
    ) -> None:
        self.name = name
        self.wan = Network(scheduler, f"{name} wan", profile.wan_loss, profile.wan_doubling, profile.wan_delay_s)
        self.sender: Sender | None = None
        self._identity = Identity(org_id=address.org_id, site_id=address.site_id, epoch=claim.epoch, key=key, claim=claim.token)
        self._read_claim = claim.read if claim.token else None
        self._journal = journal
        self._hub = hub
        self._scheduler = scheduler
        self._life = 0  # counts processes, so that what an earlier one had planned is not done
        self._follows: int | None = None
        hub.listen(address, self._on_answer)

    # --- the process ---

    def start(self, first_attempt: int) -> None:
        self._life += 1
        self._follows = None
        self.sender = Sender(self._identity, signer(self._identity.key), first_attempt=first_attempt, read_claim=self._read_claim)
        self._journal.told_backed_up(self.sender.backed_up)
        self._look()
        self._act(self.sender.connected(self._scheduler.now))
        self._tick(self._life)

    def stop(self) -> None:
        self._life += 1
        self.sender = None

    def _look(self) -> None:
        """Ask the box where its journal and its epoch begin (edge/link/beside.py)."""
        if self.sender is not None:
            self.sender.begins, self.sender.epoch_begins = self._journal.begins, self._journal.epoch_begins
        life = self._life
        self._scheduler.after(limits.HELLO_INTERVAL_S / 2, lambda: self._look() if life == self._life else None)

    def _tick(self, life: int) -> None:
        if life == self._life and self.sender is not None:
            self._act(self.sender.tick(self._scheduler.now))
            self.feed()
            self._scheduler.after(1.0, lambda: self._tick(life))

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Publish(subject=subject, data=data):
                    take = self._hub.hello if subject.startswith("hello.") else self._hub.publish
                    self.wan.carry(subject[:7], lambda take=take, subject=subject, data=data: take(subject, data))
                case Follow(after=after):
                    self._follow(after)
                case Watermark(position=position, incarnation=incarnation):
                    self._journal.told_watermark(position, incarnation)
                case Alarm(code=code, detail=detail):
                    self._journal.told_alarm(code, detail)
                case Fenced(claim=claim, epoch=epoch, kept=kept):
                    self._journal.told_fenced(epoch, claim, kept)
                case Carry(commands=commands):
                    self._carry_out(commands)
                case BackedUp(sequence=sequence):
                    self._journal.told_backed_up(sequence)
                case WantKeepsakes():
                    pass  # menus are the business of other tests

    def _carry_out(self, commands: Sequence[SiteCommand]) -> None:
        """Bring commands to the box, a moment later; what it refuses is said in the next hello."""

        def bring() -> None:
            refused = self._journal.told_commands(commands)
            if refused and self.sender is not None:
                self.sender.figures = Figures(refused_commands={**self.sender.figures.refused_commands, **refused})

        self._scheduler.after(0.01, bring)

    def _follow(self, after: Position) -> None:
        """Open the feed at a position; the box closes it at once when its journal does not hold that."""
        assert self.sender is not None
        self._follows = None
        head, begins = self._journal.head, self._journal.begins
        if after.sequence < begins.sequence:
            self.sender.begins = begins
            self._act(self.sender.journal_refused("feed.trimmed", f"the journal begins after {begins}", self._scheduler.now))
        elif after == begins:
            self._follows = after.sequence
        elif after.sequence > head.sequence:
            self._act(self.sender.journal_refused("feed.ahead", f"the journal ends at {head}", self._scheduler.now))
        elif after != START and self._journal.read(after.sequence - 1, 1)[0].position != after:
            self._act(self.sender.journal_refused("feed.fork", f"the journal holds another entry than {after}", self._scheduler.now))
        else:
            self._follows = after.sequence

    def _on_answer(self, data: bytes) -> None:
        """From the hub: it reaches whichever process runs when it arrives."""
        self.wan.carry("answer", lambda: self._answered(data))

    def _answered(self, data: bytes) -> None:
        if self.sender is not None:
            self._act(self.sender.answered(decode_answer(data), self._scheduler.now))
            self.feed()

    def feed(self) -> None:
        """The link reads what is committed, page by page, as long as the sender wants it."""
        while self.sender is not None and self._follows is not None and self.sender.wants_entries:
            page = self._journal.read(self._follows, min(_PAGE, self._journal.head.sequence - self._follows))
            if not page:
                return
            self._follows = page[-1].sequence
            self._act(self.sender.entries(page, self._scheduler.now))

    def shown_claim(self, token: str) -> None:
        """The box tells its link what a tablet has shown it."""
        if self.sender is not None:
            self._act(self.sender.shown_claim(token, self._scheduler.now))

    # --- the WAN ---

    def cut(self, is_cut: bool) -> None:
        """Packets stop; sometimes the link notices and reconnects, sometimes it does not."""
        self._scheduler.note(f"{self.name}: wan {'cut' if is_cut else 'healed'}")
        self.wan.is_cut = is_cut
        now = self._scheduler.now
        if self.sender is not None and is_cut and self._scheduler.chance(0.5):
            self._act(self.sender.disconnected(now))
        if self.sender is not None and not is_cut and self.sender.phase is Phase.OFFLINE:
            self._act(self.sender.connected(now))


assert _PAGE <= limits.FEED_PAGE_ENTRIES_MAX
