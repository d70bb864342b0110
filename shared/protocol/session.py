"""What passes between a box and its devices: requests, answers and the frames of the feed.

What lives here: wire types only, as JSON. They are generated into TypeScript for the apps, so that both ends agree.
Routes and sockets are not known here.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu.overrides import ItemOverride
from shared.domain.site import SiteState
from shared.domain.text import Id
from shared.domain.views import CheckView
from shared.limits import BATCH_COMMANDS_MAX

__all__ = [
    "Accepted", "AcceptedEvent", "Batch", "BatchAccepted", "BoxState", "ChangesFrame", "CloudState", "EntriesFrame", "FeedEntry",
    "HandIn", "HandInResult", "HandedIn", "HeldCommand", "LinkState", "Problem", "ShowClaim", "SnapshotFrame", "Submit",
]  # fmt: skip


class Submit(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A command from a device. `id` is made by the device, once, and kept with the command until it is answered."""

    id: Id
    command: msgspec.Raw
    actor_id: str = ""


class Batch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands that are accepted together or not at all."""

    commands: Annotated[tuple[Submit, ...], msgspec.Meta(min_length=1, max_length=BATCH_COMMANDS_MAX)]


class AcceptedEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event with its place in the journal."""

    sequence: int
    event: msgspec.Raw


class Accepted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The answer to an accepted command: the same, byte for byte, however often it is asked for.

    `position` (`epoch.sequence.hash`) is that of its last entry; `at` is UTC by the clock of the box.
    """

    command_id: str
    position: str
    at: datetime
    business_date: str
    events: tuple[AcceptedEvent, ...]


class BatchAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to the commands of a batch, in order."""

    answers: tuple[Accepted, ...]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal (RFC 9457): `code` is stable and listed in docs/errors.md; `hint` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    facts: dict[str, object] = {}
    failed_command: int | None = None


LinkState = Literal["never", "starting", "offline", "greeting", "sending", "fenced", "holding"]
"""The phase of the link (sender.Phase), or that it has not told one: never, or not since the box started."""


class CloudState(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud has of this site. `sequence` is the watermark; `reported_at` is when the link last said a word (UTC)."""

    sequence: int = 0
    link: LinkState = "never"
    reported_at: datetime | None = None
    alarm: str = ""


class BoxState(msgspec.Struct, frozen=True, kw_only=True):
    """How the box stands that a device talks to: the epoch it writes under, and the token of its claim, which a device remembers and
    shows to a box of a lower one. `fenced_epoch` is the higher epoch by which this box was fenced, 0 for the present box;
    `is_recovering`: it collects what tablets hold, and sells in a moment. `site_id` tells a device that this is another restaurant's
    box, for which what it keeps is not meant."""

    epoch: int
    site_id: str = ""
    claim: str = ""
    fenced_epoch: int = 0
    is_recovering: bool = False


class ShowClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A device shows a box the claim of another that it has talked to."""

    claim: str


class HeldCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command that a device was told is accepted, as it keeps it until it is in the cloud: what it sent, and of the answer the
    position, the time (UTC) and the business date."""

    submit: Submit
    position: str
    at: datetime
    business_date: str


class HandIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a device holds and the box may not: a replacement plays it. `is_last`: the device has no more."""

    commands: Annotated[tuple[HeldCommand, ...], msgspec.Meta(max_length=BATCH_COMMANDS_MAX)]
    is_last: bool = True


class HandInResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command that was handed in: the journal knew it, it was played now, it waits until all have handed in theirs,
    or it was refused with `code` and is kept for a person."""

    command_id: str
    outcome: Literal["known", "played", "waits", "refused"]
    code: str = ""


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to the commands of a hand-in, in order."""

    results: tuple[HandInResult, ...]


class SnapshotFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """Everything live, as of `position`: what was known before is void. `overrides` are what the site says of its items (86, countdown,
    local price), `alarms` codes of what a person should look at, `check_sequences` of each of `checks` the sequence of its last change."""

    position: str
    site: SiteState
    cloud: CloudState
    checks: tuple[CheckView, ...]
    tickets: tuple[Ticket, ...]
    overrides: tuple[ItemOverride, ...] = ()
    alarms: tuple[str, ...] = ()
    box: BoxState | None = None
    check_sequences: tuple[int, ...] = ()


class ChangesFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="changes"):
    """What has changed up to `position`: each check, ticket and override whole, once, also one that is closed, bumped or taken back.
    `alarms` are all that hold, where that has changed; `check_sequences` as in a snapshot."""

    position: str
    checks: tuple[CheckView, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    site: SiteState | None = None
    cloud: CloudState | None = None
    overrides: tuple[ItemOverride, ...] = ()
    alarms: tuple[str, ...] | None = None
    box: BoxState | None = None
    check_sequences: tuple[int, ...] = ()


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A journal entry with its position (`epoch.sequence.hash`); `entry` is its JSON exactly as written."""

    position: str
    entry: msgspec.Raw


class EntriesFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="entries"):
    """Journal entries in order; `head` is the last position of the journal when the frame was made."""

    head: str
    entries: tuple[FeedEntry, ...]
