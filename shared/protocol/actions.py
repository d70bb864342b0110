"""What the sender of the uplink is, says and wants: who it is on the wire, its phases, and the actions it has its shell carry out.

What lives here: values only. When each is due is decided in sender.py; how it is carried out is the business of the shell.
"""

from enum import StrEnum

import msgspec

from shared.protocol.entry import Position
from shared.protocol.envelope import SiteCommand

__all__ = [
    "Action", "Alarm", "BackedUp", "Carry", "Fenced", "Follow", "Identity", "Phase", "Publish", "WantKeepsakes", "Watermark",
]  # fmt: skip


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a box is on the wire. `key` is its public nkey, `claim` the token of its claim, empty where the hub gave none."""

    org_id: str
    site_id: str
    epoch: int
    key: str
    claim: str = ""


class Publish(msgspec.Struct, frozen=True):
    """Send these bytes on this subject; no acknowledgement is awaited."""

    subject: str
    data: bytes


class Follow(msgspec.Struct, frozen=True):
    """Read the journal from after this position; whatever was being read before is void."""

    after: Position


class Watermark(msgspec.Struct, frozen=True):
    """The hub has committed up to here: tell the box. It can go back, when the hub was restored from a backup."""

    position: Position
    incarnation: str


class Alarm(msgspec.Struct, frozen=True):
    """Something a person must see, or, with an empty code, that it is over."""

    code: str
    detail: str


class Fenced(msgspec.Struct, frozen=True):
    """Another box is the present one: tell the box, at once and whenever `kept` has changed.

    `claim` is the token by which it is proved, empty where the hub only says so; `epoch` that of the other box, as far as it is
    known, else one more than ours. Up to `kept` the hub keeps this box's branch apart; START: nothing, or it is not known yet.
    """

    claim: str
    epoch: int
    kept: Position


class WantKeepsakes(msgspec.Struct, frozen=True):
    """The hub lacks these keepsakes: hand each to `Sender.keepsake`. One that cannot be had is asked for again after a while."""

    versions: tuple[str, ...]


class Carry(msgspec.Struct, frozen=True):
    """Bring these commands of the hub to the box. The same ones come again until the hub has seen what became of them."""

    commands: tuple[SiteCommand, ...]


class BackedUp(msgspec.Struct, frozen=True):
    """Entries up to this sequence are in a backup of the hub. It can go back, when the hub was restored."""

    sequence: int


Action = Publish | Follow | Watermark | Alarm | Fenced | WantKeepsakes | Carry | BackedUp


class Phase(StrEnum):
    OFFLINE = "offline"  # no connection
    GREETING = "greeting"  # hello said, waiting for the watermark
    SENDING = "sending"
    FENCED = "fenced"  # another box is the present one; what this one still holds goes to the hub, apart
    HOLDING = "holding"  # told to wait; greets again afterwards
