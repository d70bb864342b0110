"""What becomes of the envelopes of one batch, within its transaction.

What lives here: the judgement of each against the journal of its site, or, for a box that was replaced, against its branch; and what is
then written. Who signed, and what is answered, is not known here.
"""

import logging
from collections.abc import Sequence

import msgspec

from hub.ingest.ports import Branch, Contradiction, ContradictionKind, ShardTransaction
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import AnswerStatus, Envelope
from shared.protocol.receiver import Verdict, receive, receive_branch, sequence_to_compare
from shared.protocol.subjects import Address

__all__ = ["Judge"]

log = logging.getLogger(__name__)


class _Named(msgspec.Struct):
    command: str = ""


_named = msgspec.json.Decoder(_Named)


class Judge:
    """Judges envelopes in the order in which they came; `write` puts down what was taken."""

    def __init__(self, transaction: ShardTransaction, marks: dict[Address, Position]) -> None:
        """`marks` are the watermarks of the sites, locked; they advance with what is judged."""
        self._transaction = transaction
        self._marks = marks
        self._begun = dict(marks)  # as they are in the database
        self._rows: dict[Address, list[StoredEntry]] = {}
        self._branches: dict[tuple[Address, int], tuple[Branch, list[StoredEntry]]] = {}
        self._kept: list[Contradiction] = []
        self.commanded: set[Address] = set()  # sites for which commands wait

    @property
    def entries(self) -> int:
        """How many entries were taken into journals."""
        return sum(len(rows) for rows in self._rows.values())

    async def judge(self, address: Address, envelope: Envelope, frame: bytes) -> Verdict:
        """The verdict on an envelope of the present box."""
        watermark = self._marks[address]
        compare = sequence_to_compare(watermark, envelope)
        stored: bytes | None = None
        if compare is not None:
            stored = await self._held(address, compare)
            if stored is None:
                log.warning("site %s: entries up to %d came late: they were declared a hole", address.site_id, compare)
                return Verdict(status=AnswerStatus.OK, watermark=watermark)
        verdict = receive(watermark, envelope, stored)
        if verdict.status is AnswerStatus.FENCED:  # it is the present box that contradicts, with entries of an older epoch
            detail = f"Two different entries claim sequence {min(envelope.last, watermark.sequence)}."
            verdict = Verdict(status=AnswerStatus.FORK, watermark=watermark, code="envelope.fork", detail=detail)
        if verdict.append:
            self._rows.setdefault(address, []).extend(verdict.append)
            self._marks[address] = verdict.watermark
        elif verdict.status is AnswerStatus.FORK:
            self._contradicts(address, envelope, frame)
        return verdict

    async def judge_orphans(self, address: Address, epoch: int, envelope: Envelope, frame: bytes) -> Verdict:
        """The verdict on an envelope of a box that was given `epoch`, and was replaced (Law 6)."""
        key = (address, epoch)
        if key not in self._branches:
            self._branches[key] = await self._transaction.branch(address, epoch, self._begun[address]), []
        branch, pending = self._branches[key]
        compare = sequence_to_compare(branch.kept, envelope)
        stored: bytes | None = None
        if compare is not None:
            if pending and compare >= pending[0].sequence:
                stored = pending[compare - pending[0].sequence].hash
            elif compare > branch.parted.sequence:
                stored = await self._transaction.orphan_hash(address, epoch, compare)
            else:
                stored = branch.parted.hash if compare == branch.parted.sequence else await self._held(address, compare)
            if stored is None:  # in a hole
                return Verdict(status=AnswerStatus.FENCED, watermark=branch.kept, code="epoch.fenced")
        verdict = receive_branch(branch.kept, envelope, stored)
        if verdict.append:
            pending.extend(verdict.append)
            self._branches[key] = msgspec.structs.replace(branch, kept=verdict.watermark), pending
        elif verdict.status is AnswerStatus.FORK:
            self._contradicts(address, envelope, frame)
        return verdict

    async def write(self) -> None:
        """Put down what was judged: entries, branches, what contradicts, and which commands of the hub have been carried out."""
        if self._rows:
            await self._transaction.append(self._rows, {address: self._marks[address] for address in self._rows})
            for address, ids in (await self._transaction.waiting_ids(list(self._rows))).items():
                self.commanded.add(address)
                done = ids & _command_ids(self._rows[address])
                if done:
                    await self._transaction.commands_done(address, done)
        for (address, epoch), (branch, pending) in self._branches.items():
            if pending:
                await self._transaction.keep_orphans(address, epoch, branch, pending)
        if self._kept:
            await self._transaction.keep(self._kept)

    async def _held(self, address: Address, sequence: int) -> bytes | None:
        """The hash at a sequence of the site's journal, what is not written yet included."""
        pending = self._rows.get(address)
        if pending and sequence >= pending[0].sequence:
            return pending[sequence - pending[0].sequence].hash
        if sequence == self._begun[address].sequence:
            return self._begun[address].hash
        return await self._transaction.stored_hash(address, sequence)

    def _contradicts(self, address: Address, envelope: Envelope, frame: bytes) -> None:
        self._kept.append(
            Contradiction(
                address=address, kind=ContradictionKind.FORK, epoch=envelope.epoch, first=envelope.first, last=envelope.last,
                after=envelope.after, frame=frame,
            )
        )  # fmt: skip


def _command_ids(entries: Sequence[StoredEntry]) -> set[str]:
    """The commands that led to these entries; what cannot be read names none."""
    found: set[str] = set()
    for entry in entries:
        try:
            found.add(_named.decode(entry.entry).command)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # bytes are appended whatever is in them (Law 11)
            continue
    return found
