"""The frames of a mirror: whole ones are read in whatever pieces they come, torn and damaged ones are noticed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol.entry import StoredEntry
from shared.protocol.mirror_file import MirrorFileError, MirrorReader, pack_entries, pack_header
from tests.support.boxes import new_id

ORG, SITE = new_id(), new_id()
RUNS = [
    [StoredEntry(1, 1, bytes(32), b"{}"), StoredEntry(1, 2, b"\x01" * 32, b"[]")],
    [StoredEntry(2, 3, b"\x02" * 32, b"x" * 3_000)],
]
FILE = pack_header(ORG, SITE) + b"".join(map(pack_entries, RUNS))


def _read(*pieces: bytes) -> tuple[MirrorReader, list[list[StoredEntry]]]:
    reader = MirrorReader()
    return reader, [run for piece in pieces for run in reader.feed(piece)]


@given(cuts=st.lists(st.integers(0, len(FILE)), max_size=8).map(sorted))
def test_a_mirror_reads_the_same_in_whatever_pieces_it_comes(cuts):
    pieces = [FILE[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(FILE)], strict=True)]
    reader, runs = _read(*pieces)
    assert runs == RUNS
    assert reader.header is not None
    assert (reader.header.org, reader.header.site, reader.header.version) == (ORG, SITE, 1)
    assert (reader.offset, reader.pending, reader.is_broken) == (len(FILE), 0, False)


@given(length=st.integers(0, len(FILE)))
def test_what_the_power_cut_tore_off_is_left_out_and_the_whole_frames_before_it_stand(length):
    reader, runs = _read(FILE[:length])
    assert runs == RUNS[: len(runs)]
    assert reader.offset + reader.pending == length
    again, all_runs = _read(FILE[: reader.offset])
    assert all_runs == runs
    assert again.pending == 0


@given(at=st.integers(len(pack_header(ORG, SITE)), len(FILE) - 1), flip=st.integers(1, 255))
def test_a_byte_that_the_stick_changed_is_noticed_and_nothing_after_it_is_believed(at, flip):
    damaged = bytearray(FILE)
    damaged[at] ^= flip
    reader, runs = _read(bytes(damaged))
    assert runs == RUNS[: len(runs)]
    assert len(runs) < len(RUNS), "a damaged frame was believed"
    assert reader.is_broken or reader.pending


def test_a_file_that_is_no_mirror_or_one_of_a_later_release_is_refused():
    with pytest.raises(MirrorFileError) as caught:
        _read(pack_entries(RUNS[0]))
    assert caught.value.code == "mirror.malformed"
    payload = msgspec.msgpack.encode({"comanda.mirror": 2, "org": ORG, "site": SITE})
    import zlib

    with pytest.raises(MirrorFileError) as caught:
        _read(len(payload).to_bytes(4, "big") + zlib.crc32(payload).to_bytes(4, "big") + payload)
    assert caught.value.code == "mirror.newer"
