"""A device session and what it hears and says in the tests: short names for long words.

What lives here: positions, boxes, commands and frames made of little. What should come of them stands in the tests.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from shared.protocol.device import DeviceSession
from shared.protocol.device_words import Action, Kept, News, Send
from shared.protocol.session import Accepted, BoxState, HandIn, HandInResult, Submit

__all__ = ["AT", "SOUP", "TEA", "accepted", "box", "handed", "kept", "live", "news", "place", "results", "sent", "told"]

T = TypeVar("T")

AT = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def place(sequence: int, epoch: int = 1, branch: str = "a") -> str:
    """A position."""
    return f"{epoch}.{sequence}.{(branch * 64)[:64]}"


def kept(name: str, *types: str, kept_ms: int = 0) -> Kept:
    """A request named `name`: one command for each type, with ids `name`, `name-1`, …"""
    ids = [name if index == 0 else f"{name}-{index}" for index in range(len(types or ("AddLine",)))]
    bodies = [msgspec.Raw(msgspec.json.encode({"type": each, "check_id": "c"})) for each in types or ("AddLine",)]
    return Kept(name, tuple(Submit(id=id, command=body) for id, body in zip(ids, bodies, strict=True)), kept_ms)


def accepted(request: Kept, sequence: int, epoch: int = 1) -> tuple[Accepted, ...]:
    """The answers to a request whose first command's last entry is at `sequence`."""
    return tuple(
        Accepted(command_id=each.id, position=place(sequence + index, epoch), at=AT, business_date="2026-03-02", events=())
        for index, each in enumerate(request.commands)
    )


def box(epoch: int = 1, *, fenced: int = 0, recovering: bool = False, site: str = "s") -> BoxState:
    return BoxState(epoch=epoch, site_id=site, claim=f"claim-{epoch}", fenced_epoch=fenced, is_recovering=recovering)


def news(sequence: int, of: BoxState | None = None, *, snapshot: bool = False, cloud: int | None = None) -> News:
    """A frame at `sequence` under the epoch of the box it comes from."""
    return News(place(sequence, of.epoch if of else 1), snapshot, of, cloud)


def results(outcome: str, *ids: str, code: str = "") -> tuple[HandInResult, ...]:
    return tuple(msgspec.convert({"command_id": id, "outcome": outcome, "code": code}, HandInResult) for id in ids)


TEA, SOUP = kept("tea"), kept("soup")


def live(**made: object) -> DeviceSession:
    """A session that has heard the box of epoch 1 at sequence 10."""
    session = DeviceSession(**made)  # type: ignore[arg-type]
    session.start(0)
    session.frame(news(10, box(), snapshot=True, cloud=0), 0)
    return session


def told(actions: Sequence[Action], cls: type[T]) -> list[T]:
    return [each for each in actions if isinstance(each, cls)]


def sent(actions: Sequence[Action]) -> list[str]:
    return [each.kept.id for each in told(actions, Send)]


def handed(actions: Sequence[Action]) -> list[list[str]]:
    return [[command.submit.id for command in each.commands] for each in told(actions, HandIn)]
