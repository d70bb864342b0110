"""The receiving end of the uplink: what becomes of an envelope, given where the site's watermark stands.

What lives here: pure functions, used by the hub's ingest inside its transaction and by the simulator: one for the journal of a site,
one for the branch of a box that was replaced. Databases, brokers and signatures are not known here; the caller has checked who signed.
"""

import msgspec
from msgspec.structs import replace

from shared.protocol.entry import Position, StoredEntry, chain
from shared.protocol.envelope import AnswerStatus, Envelope, FrameError

__all__ = ["Verdict", "receive", "receive_branch", "sequence_to_compare"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: `append` these rows (perhaps none) and set the watermark, then answer with `status`."""

    status: AnswerStatus
    watermark: Position
    append: tuple[StoredEntry, ...] = ()
    code: str = ""
    detail: str = ""


def sequence_to_compare(watermark: Position, envelope: Envelope) -> int | None:
    """The sequence whose stored hash `receive` needs to tell a repeat from a fork, where the watermark's own does not do."""
    return envelope.last if 1 <= envelope.last < watermark.sequence else None


def receive(watermark: Position, envelope: Envelope, stored_hash: bytes | None = None) -> Verdict:
    """Judge an envelope against the watermark (DESIGN.md, Apply).

    What is at or below the watermark is dropped if it is the same, a fork if it is not; a gap is refused; the rest is
    appended. `stored_hash` is the hash held at `sequence_to_compare`, where that is not None.
    """

    def verdict(status: AnswerStatus, code: str, detail: str) -> Verdict:
        return Verdict(status=status, watermark=watermark, code=code, detail=detail)

    try:
        entries = envelope.entries()
    except FrameError as error:
        return verdict(AnswerStatus.REFUSED, error.code, error.detail)
    hashes = chain(envelope.before, entries)
    if hashes[-1] != envelope.after:
        return verdict(
            AnswerStatus.REFUSED, "envelope.broken_chain", f"The entries {envelope.first} to {envelope.last} do not hash to what is stated."
        )
    if envelope.first > watermark.sequence + 1:
        return verdict(AnswerStatus.GAP, "envelope.gap", f"Entries {watermark.sequence + 1} to {envelope.first - 1} are missing.")

    # A replaced box that went on by itself has branched off: that its epoch is over is the better word for it than fork.
    fenced = verdict(AnswerStatus.FENCED, "epoch.fenced", f"Epoch {envelope.epoch} ended; the site is at epoch {watermark.epoch}.")
    held = watermark.sequence - envelope.first + 1  # how many of these entries lie at or below the watermark
    ours = stored_hash if envelope.last < watermark.sequence else watermark.hash
    theirs = envelope.before if held == 0 else hashes[min(held, len(hashes)) - 1]
    if ours != theirs and envelope.epoch < watermark.epoch:
        return fenced
    if ours != theirs:
        at = min(envelope.last, watermark.sequence)
        return verdict(AnswerStatus.FORK, "envelope.fork", f"Two different entries claim sequence {at}.")
    if held >= len(entries):
        return verdict(AnswerStatus.OK, "", "")
    if envelope.epoch < watermark.epoch:
        return fenced
    rows = tuple(StoredEntry(envelope.epoch, envelope.first + index, hashes[index], entries[index]) for index in range(held, len(entries)))
    return Verdict(status=AnswerStatus.OK, watermark=rows[-1].position, append=rows)


def receive_branch(watermark: Position, envelope: Envelope, stored_hash: bytes | None = None) -> Verdict:
    """Judge an envelope of a fenced box against the watermark of its branch: how far the hub keeps what that box held (Law 6).

    A branch begins at its parting point, the last position of the site's journal of an epoch that is not above the box's. What lies at
    or below it is the site's own: `stored_hash`, at `sequence_to_compare` of the branch's watermark, is looked up there, and above it in
    the branch. The answer is always `fenced`, which acknowledges, unless the envelope is refused or contradicts either (`fork`).
    """
    verdict = receive(watermark, envelope, stored_hash)
    match verdict.status:
        case AnswerStatus.OK:
            detail = f"Epoch {envelope.epoch} ended; what its box still held is kept apart, up to {verdict.watermark.sequence}."
            return replace(verdict, status=AnswerStatus.FENCED, code="epoch.fenced", detail=detail)
        case AnswerStatus.GAP:
            return replace(verdict, status=AnswerStatus.FENCED)  # its code says that entries are missing: they are sent again
        case AnswerStatus.FENCED:  # of an older epoch than the branch: on one box that is no replacement
            at = min(envelope.last, watermark.sequence + 1)
            return replace(verdict, status=AnswerStatus.FORK, code="envelope.fork", detail=f"Two different entries claim sequence {at}.")
        case _:
            return verdict
