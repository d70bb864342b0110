"""Finding where epochs begin, in journals of any epochs, trimmed anywhere."""

from hypothesis import given
from hypothesis import strategies as st

from edge.app.epochs import epoch_beginnings
from shared.limits import EPOCH_BEGINS_MAX
from shared.protocol.entry import START, Position, StoredEntry


def journal(epochs: list[int]) -> list[StoredEntry]:
    return [StoredEntry(epoch, number, bytes([number]) * 32, b"") for number, epoch in enumerate(sorted(epochs), 1)]


async def found(entries: list[StoredEntry], trimmed: int) -> tuple[Position, ...]:
    async def entry(sequence: int) -> StoredEntry | None:
        return entries[sequence - 1] if trimmed < sequence <= len(entries) else None

    begins = entries[trimmed - 1].position if trimmed else START
    return await epoch_beginnings(entry, begins, entries[-1].position if entries else START)


@given(st.lists(st.integers(1, 30), max_size=60), st.data())
async def test_they_are_where_the_epoch_rises(epochs: list[int], data: st.DataObject) -> None:
    entries = journal(epochs)
    trimmed = data.draw(st.integers(0, len(entries)))
    before = [START, *(entry.position for entry in entries)]
    rises = [at for at, entry in zip(before[trimmed:], entries[trimmed:], strict=False) if entry.epoch > at.epoch]
    assert await found(entries, trimmed) == tuple(rises[-EPOCH_BEGINS_MAX:])


async def test_what_is_trimmed_while_it_is_looked_for_is_not_said() -> None:
    async def gone(_: int) -> None:
        return None

    assert await epoch_beginnings(gone, START, Position(2, 9, bytes(32))) == ()

    async def half(sequence: int) -> StoredEntry | None:
        return journal([1] * 9)[sequence - 1] if sequence < 5 else None

    assert await epoch_beginnings(half, START, Position(2, 9, bytes(32))) == ()
