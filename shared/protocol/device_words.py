"""The words of a device session: what a device remembers, what it hears, what it asks its shell to do, and the tables it goes by.

What lives here: types and tables. When which is said is in device.py; the same types and tables are in shared/ui/session-words.ts, and
shared/ui/tests/device-vectors.json holds both to one behaviour.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from shared.protocol.session import BoxState, ChangesFrame, HandIn, HeldCommand, ShowClaim, SnapshotFrame, Submit

__all__ = [
    "AFTER_CLOSE", "ALWAYS_FINAL", "ANY_CLOSE", "FOR_THE_KITCHEN", "NOT_HELD", "TRY_AGAIN", "UNDECIDED", "Action", "AfterClose", "Ask",
    "Forget", "Held", "Hold", "Keep", "Kept", "Memory", "News", "Open", "Phase", "Release", "Remember", "Send", "Tell", "is_final",
    "news_of", "type_of",
]  # fmt: skip


class Phase(StrEnum):
    OFFLINE = "offline"  # no feed; comes back by itself
    ASKING = "asking"  # the feed is asked for, nothing heard yet
    LIVE = "live"
    HANDING_IN = "handing_in"  # the box may not have what this device was told is accepted
    WRONG_BOX = "wrong_box"  # fenced, of a lower epoch than remembered, or another site's
    WAITING_PERSON = "waiting_person"  # a kitchen command has grown stale


# --- what a device keeps -------------------------------------------------------------------------


class Kept(msgspec.Struct, frozen=True, rename="camel"):
    """One request that the box has not answered: a command, or several that are accepted together or not at all.

    `id` is that of its first command and names the request; `kept_ms` is when it was asked for, by the device's clock.
    """

    id: str
    commands: tuple[Submit, ...]
    kept_ms: int


class Held(msgspec.Struct, frozen=True, rename="camel"):
    """A command that a box has accepted. The cloud has it once its watermark is at `needed`, in the branch of the present box;
    `accepted_ms` is by the device's clock."""

    command: HeldCommand
    needed: int
    accepted_ms: int

    @property
    def id(self) -> str:
        return self.command.submit.id


class Memory(msgspec.Struct, frozen=True, rename="camel"):
    """What a device remembers of boxes: the site, the highest epoch it has met with the token of its claim, and the epoch of the box
    that is known to have everything this device was told is accepted."""

    site_id: str = ""
    epoch: int = 0
    claim: str = ""
    settled: int = 0


# --- what it hears -------------------------------------------------------------------------------


class News(msgspec.Struct, frozen=True, rename="camel"):
    """What of a frame of the feed matters here. `cloud` is the sequence that the cloud has, None where the frame does not say."""

    position: str
    is_snapshot: bool
    box: BoxState | None = None
    cloud: int | None = None


def news_of(frame: SnapshotFrame | ChangesFrame) -> News:
    """The news in a frame."""
    return News(frame.position, isinstance(frame, SnapshotFrame), frame.box, frame.cloud.sequence if frame.cloud else None)


# --- what it asks its shell to do, in this order -------------------------------------------------


class Open(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Follow the feed from `cursor`, or with none ask for a snapshot; whatever was followed before is void."""

    cursor: str


class Send(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Send a request; tell `accepted`, `refused` or `silent`."""

    kept: Kept


class Ask(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Ask a person whether this is still to be sent; tell `decide`."""

    kept: Kept


class Keep(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Write the request down, before it is sent."""

    kept: Kept


class Forget(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """The request `id` is answered: take it out of the queue and write down what is held of it, both or neither."""

    id: str
    held: tuple[Held, ...] = ()


class Hold(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Write these down anew: they stand elsewhere in the journal of the present box."""

    held: tuple[Held, ...]


class Release(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """These are held no more."""

    ids: tuple[str, ...]


class Remember(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Write down what is remembered of boxes."""

    memory: Memory


class Tell(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """A person should know: the code of a refused hand-in, `held.full` or `held.expired`. `about` is a command's id, or empty."""

    code: str
    about: str = ""


Action = Open | Send | ShowClaim | HandIn | Ask | Keep | Forget | Hold | Release | Remember | Tell
"""ShowClaim (`POST /v1/fence`; tell `claim_taken`, `claim_refused` or `claim_silent`) and HandIn (`POST /v1/hand-in`; tell `handed_in`,
`hand_in_refused` or `hand_in_silent`) are what goes over the wire."""

# --- tables --------------------------------------------------------------------------------------


class AfterClose(msgspec.Struct, frozen=True):
    """What a close code of the feed leads to: what becomes of the cursor, and how long to wait before the feed is asked for again."""

    cursor: Literal["keep", "void", "fork"]
    pause: Literal["growing", "longest"]


ANY_CLOSE = AfterClose("keep", "growing")
AFTER_CLOSE: dict[int, AfterClose] = {
    4400: AfterClose("void", "growing"),  # no cursor of this box
    4401: AfterClose("keep", "longest"),  # a device that the box does not know: a person pairs it
    4408: AfterClose("keep", "growing"),  # read too slowly
    4409: AfterClose("fork", "growing"),  # the journal of the box does not hold the cursor
    4429: AfterClose("keep", "longest"),  # full
}

TRY_AGAIN = frozenset(
    {"box.fenced", "box.recovering", "commit.unknown", "edge.busy", "edge.stopping", "storage.full", "storage.unavailable"}
)
"""Refusals that say nothing on the command: it is kept and sent again."""
ALWAYS_FINAL = frozenset({"card.offline"})
"""Refusals that say "later" by their status, and are an answer all the same: the guest stands there."""
UNDECIDED = frozenset({401, 408, 425, 429})
"""Statuses beside 5xx that say nothing on the command. 401 asks who the device is."""

FOR_THE_KITCHEN = frozenset({
    "SendCheck", "FireCourse", "FireLines", "ReleaseLines", "StartItem", "BumpItem", "BumpTicket", "ServeItems", "ServeTicket",
    "RecallTicket", "RecallItem", "RecallLast", "PrioritizeTicket",
})  # fmt: skip
"""Commands after which the kitchen cooks or stops cooking. Grown stale, a person is asked; a void never is, for it is wanted still."""

NOT_HELD = frozenset({"MarkShown", "MarkPrinted"})
"""Commands that a replacement need not be handed: what a screen shows it tells every box by itself. That a cook has seen a change is said
once, and the bump that followed it rests on it."""


def type_of(submit: Submit) -> str:
    """The type of a command; empty where it cannot be read."""
    try:
        return msgspec.json.decode(submit.command, type=_Typed).type
    except msgspec.MsgspecError:
        return ""


class _Typed(msgspec.Struct):
    type: str = ""


def is_final(code: str, status: int) -> bool:
    """Whether a refusal is an answer to the command; else it is kept and tried again."""
    return code in ALWAYS_FINAL or not (code in TRY_AGAIN or status in UNDECIDED or status >= 500)
