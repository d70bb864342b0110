"""Finding where the epoch of a box begins, in journals of any epochs, trimmed anywhere."""

from hypothesis import given
from hypothesis import strategies as st

from edge.app.epochs import before_epoch
from shared.protocol.entry import START, Position, StoredEntry


def journal(epochs: list[int]) -> list[StoredEntry]:
    return [StoredEntry(epoch, number, bytes([number]) * 32, b"") for number, epoch in enumerate(sorted(epochs), 1)]


async def found(entries: list[StoredEntry], trimmed: int, epoch: int) -> Position | None:
    async def entry(sequence: int) -> StoredEntry | None:
        return entries[sequence - 1] if trimmed < sequence <= len(entries) else None

    begins = entries[trimmed - 1].position if trimmed else START
    return await before_epoch(entry, begins, entries[-1].position if entries else START, epoch)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60), st.data())
async def test_it_is_the_last_entry_of_those_before(epochs: list[int], data: st.DataObject) -> None:
    entries = journal(epochs)
    trimmed = data.draw(st.integers(0, len(entries) - 1))
    epoch = entries[-1].epoch
    before = [START, *(entry.position for entry in entries if entry.epoch < epoch)]
    assert await found(entries, trimmed, epoch) == (before[-1] if before[-1].sequence >= trimmed else None)


async def test_a_box_that_has_not_begun_its_epoch_yet_does_not_say() -> None:
    assert await found(journal([1, 1]), 0, 2) is None
    assert await found([], 0, 1) is None


async def test_what_is_trimmed_while_it_is_looked_for_is_not_said() -> None:
    async def gone(_: int) -> None:
        return None

    assert await before_epoch(gone, START, Position(2, 9, bytes(32)), 2) is None
