"""Entries: their bytes are the truth, their hashes a chain, their positions have one spelling."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol.entry import (
    EPOCH_MAX,
    GENESIS_HASH,
    SEQUENCE_MAX,
    START,
    Entry,
    Position,
    chain,
    decode_entry,
    encode_entry,
    entry_hash,
)

bodies = st.lists(st.binary(min_size=1, max_size=50), max_size=20)
positions = st.builds(Position, st.integers(0, EPOCH_MAX), st.integers(0, SEQUENCE_MAX), st.binary(min_size=32, max_size=32))

ENTRY = Entry(
    org="o", site="s", epoch=1, sequence=7, at=datetime(2026, 3, 2, 11, tzinfo=UTC), date="2026-03-02", command="c", ordinal=0, of=1,
    event=msgspec.Raw(b'{"type":"TicketBumped","ticket_id":"t"}'), digest="d",
)  # fmt: skip


@given(bodies)
def test_the_chain_is_what_anybody_can_compute(entries: list[bytes]) -> None:
    before = bytes(32)
    for hash_, entry in zip(chain(GENESIS_HASH, entries), entries, strict=True):
        before = hashlib.sha256(b"comanda.entry.v1\x00" + before + entry).digest()
        assert hash_ == before


@given(bodies, st.integers(0, 20))
def test_a_chain_goes_on_where_it_was_left(entries: list[bytes], cut: int) -> None:
    first = chain(GENESIS_HASH, entries[:cut])
    rest = chain(first[-1] if first else GENESIS_HASH, entries[cut:])
    assert first + rest == chain(GENESIS_HASH, entries)


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=8, unique=True), st.data())
def test_no_entry_can_be_changed_moved_or_taken_out_unnoticed(entries: list[bytes], data: st.DataObject) -> None:
    tip = chain(GENESIS_HASH, entries)[-1]
    index = data.draw(st.integers(0, len(entries) - 2))
    swapped = [*entries[:index], entries[index + 1], entries[index], *entries[index + 2 :]]
    assert chain(GENESIS_HASH, swapped)[-1] != tip
    assert chain(GENESIS_HASH, entries[:index] + entries[index + 1 :])[-1] != tip
    assert chain(GENESIS_HASH, [*entries[:index], entries[index] + b" ", *entries[index + 1 :]])[-1] != tip


def test_the_first_hash_is_frozen() -> None:
    """Every journal in the field begins with this rule: it may never change."""
    assert entry_hash(GENESIS_HASH, b"{}").hex() == hashlib.sha256(b"comanda.entry.v1\x00" + bytes(32) + b"{}").hexdigest()


@given(positions)
def test_a_cursor_is_read_as_it_was_written(position: Position) -> None:
    assert Position.parse(str(position)) == position
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(position), type=Position) == position


@pytest.mark.parametrize(
    "text",
    ["", "1.2", "1.2.3", f"1.2.{'a' * 63}", f"1.2.{'A' * 64}", f"-1.2.{'a' * 64}", f"01.2.{'a' * 64}", f" 1.2.{'a' * 64}", f"1_0.2.{'a' * 64}",
     f"1.2.{'a' * 64}\n", f"1.{'9' * 20}.{'a' * 64}", f"{'9' * 12}.1.{'a' * 64}", f"٣.1.{'a' * 64}", f"1.2.{'aa ' * 21}a", "x" * 100_000],
)  # fmt: skip
def test_a_cursor_has_one_spelling(text: str) -> None:
    """A sequence of twenty digits once reached SQLite, which holds eighteen, and the request ended as an internal error."""
    with pytest.raises(ValueError, match="is no position"):
        Position.parse(text)


@pytest.mark.parametrize("raw", [[1, 2, b"short"], [-1, 2, bytes(32)], [1, 2**63, bytes(32)], [2**40, 2, bytes(32)]])
def test_a_position_from_the_wire_is_held_to_its_bounds(raw: list[object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(dict(zip(("epoch", "sequence", "hash"), raw, strict=True)), Position)


def test_positions_are_ordered_by_epoch_then_sequence() -> None:
    assert START < Position(1, 1, bytes(32)) < Position(1, 2, bytes(32)) < Position(2, 1, bytes(32))


def test_an_entry_is_read_as_it_was_written_and_its_event_untouched() -> None:
    data = encode_entry(ENTRY)
    read = decode_entry(data)
    assert bytes(read.event) == bytes(ENTRY.event)
    assert encode_entry(read) == data


def test_what_a_later_release_adds_is_passed_over() -> None:
    data = encode_entry(ENTRY)[:-1] + b',"later":{"x":1}}'
    assert decode_entry(data).sequence == 7


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"x":' + b"[" * 100_000])
def test_what_is_no_entry_is_told_as_such(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_entry(data)
