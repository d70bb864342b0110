"""The answers that a site gets, and which of them need to be sent.

What lives here: answers as values. When each is due is decided in apply.py and greet.py, publishing is the service's business.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.ingest.check import Rejected
from shared.limits import CREDIT_ENTRIES, CREDIT_TTL_S
from shared.protocol.entry import START, Position
from shared.protocol.envelope import Answer, AnswerStatus
from shared.protocol.subjects import Address

__all__ = ["Reply", "answer_ok", "answer_rejected", "answer_replaced", "answer_unavailable", "merge"]


class Reply(NamedTuple):
    """An answer, and the site it is for."""

    address: Address
    answer: Answer


def answer_ok(
    attempt: int,
    incarnation: str,
    watermark: Position,
    status: AnswerStatus = AnswerStatus.OK,
    code: str = "",
    detail: str = "",
    key: str = "",
) -> Answer:
    """An answer that states how far the hub is, with credit from there: with the journal, or, `fenced`, with the box's branch."""
    return Answer(
        attempt=attempt,
        incarnation=incarnation,
        status=status,
        watermark=watermark,
        credit_until=watermark.sequence + CREDIT_ENTRIES,
        credit_ttl_s=CREDIT_TTL_S,
        code=code,
        detail=detail,
        key=key,
    )


def answer_replaced(epoch: int, claim: str) -> Answer:
    """To whichever box of the site has a lower epoch, unasked: it is of no attempt, and the claim proves it."""
    return Answer(
        attempt=0, incarnation="", status=AnswerStatus.FENCED, watermark=START, code="epoch.fenced",
        detail=f"The site is at epoch {epoch}.", claim=claim,
    )  # fmt: skip


def answer_unavailable(attempt: int, retry_after_s: float, key: str = "") -> Answer:
    """The shard cannot be reached, so its watermark and incarnation are not known: the sender keeps what it knew."""
    return Answer(
        attempt=attempt, incarnation="", status=AnswerStatus.UNAVAILABLE, watermark=START, retry_after_s=retry_after_s,
        code="hub.unavailable", detail="The shard of this site cannot be reached.", key=key,
    )  # fmt: skip


def answer_rejected(error: Rejected) -> Answer:
    """Refused before the shard was asked: no watermark is stated."""
    return Answer(
        attempt=error.attempt, incarnation="", status=AnswerStatus.REFUSED, watermark=START, code=error.code, detail=error.detail,
        key=error.key,
    )  # fmt: skip


def merge(replies: Sequence[Reply]) -> list[Reply]:
    """One answer for each run of equal status of a box's attempt, the last: it states the newest watermark."""
    merged: list[Reply] = []
    last: dict[tuple[Address, str], int] = {}
    for reply in replies:
        box = (reply.address, reply.answer.key)
        at = last.get(box)
        if at is not None:
            before = merged[at].answer
            if (before.attempt, before.status, before.code) == (reply.answer.attempt, reply.answer.status, reply.answer.code):
                merged[at] = reply
                continue
        last[box] = len(merged)
        merged.append(reply)
    return merged
