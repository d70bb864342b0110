"""Tests of shared.protocol.packing: standard streams both ways, and nothing else is taken."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol.packing import Unpackable, pack, unpack

TEXT = b'{"type":"LineAdded","quantity":1}' * 100


@given(st.binary(max_size=2_000).map(lambda data: data * 3), st.integers(0, 9))
def test_streams_are_those_of_the_standard_library_both_ways(data: bytes, level: int) -> None:
    assert zlib.decompress(pack(data)) == data
    assert unpack(zlib.compress(data, level), max(1, len(data))) == data


def test_what_fits_exactly_is_unpacked_and_one_byte_more_is_not() -> None:
    assert unpack(pack(TEXT), len(TEXT)) == TEXT
    with pytest.raises(Unpackable, match="larger than allowed"):
        unpack(pack(TEXT), len(TEXT) - 1)


@given(st.data())
def test_a_stream_that_was_changed_anywhere_is_refused_or_holds_what_it_held(data: st.DataObject) -> None:
    """As the standard library does it: where that refuses, so do we, and where it does not, it reads the same."""
    packed = bytearray(data.draw(st.sampled_from([pack(TEXT), zlib.compress(TEXT, 9)])))
    if data.draw(st.booleans()):
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        packed = packed[: data.draw(st.integers(0, len(packed)))] + data.draw(st.binary(max_size=8))
    theirs = zlib.decompressobj()
    try:
        expected = theirs.decompress(bytes(packed), len(TEXT))
    except zlib.error:
        expected = None
    if expected is None or not theirs.eof or theirs.unused_data:
        with pytest.raises(Unpackable):
            unpack(bytes(packed), len(TEXT))
    else:
        assert unpack(bytes(packed), len(TEXT)) == expected


@pytest.mark.parametrize("packed", [b"", b"no zlib", pack(TEXT)[:-1], pack(TEXT)[:-4], pack(TEXT) + b"x", pack(TEXT) * 2])
def test_what_is_no_whole_stream_is_refused(packed: bytes) -> None:
    with pytest.raises(Unpackable):
        unpack(packed, 10 * len(TEXT))


def test_a_small_frame_never_makes_much_of_itself() -> None:
    with pytest.raises(Unpackable, match="larger than allowed"):
        unpack(zlib.compress(bytes(100_000_000), 9), 1_000)
