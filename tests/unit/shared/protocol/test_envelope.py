"""Frames: round trips, cuts, forgeries, bombs; old readers and new writers."""

import zlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.limits import ENVELOPE_ENTRIES_MAX, ENVELOPE_RAW_BYTES_MAX
from shared.protocol.entry import GENESIS_HASH, SEQUENCE_MAX, START, Position
from shared.protocol.envelope import (
    Answer,
    AnswerStatus,
    Envelope,
    Figures,
    FrameError,
    Hello,
    decode_answer,
    encode_answer,
    open_frame,
    pack_envelope,
    seal_envelope,
    seal_hello,
)
from tests.unit.shared.protocol.wire import KEY, ORG, SITE, changed, journal, sign, verify

ENVELOPE = pack_envelope(ORG, SITE, 7, GENESIS_HASH, journal(5))
HELLO = Hello(org=ORG, site=SITE, epoch=1, attempt=7, head=START, figures=Figures(open_checks=3))
digests = st.binary(min_size=32, max_size=32)
positions = st.builds(Position, st.integers(0, 10**9 - 1), st.integers(0, SEQUENCE_MAX), digests)


@given(st.integers(1, ENVELOPE_ENTRIES_MAX), st.integers(0, 500), st.integers(0, 2**62))
@settings(max_examples=30)
def test_an_envelope_is_opened_as_it_was_sealed(count: int, size: int, attempt: int) -> None:
    entries = journal(count, size=size)
    frame, key = open_frame(seal_envelope(pack_envelope(ORG, SITE, attempt, GENESIS_HASH, entries), KEY, sign), verify)
    assert isinstance(frame, Envelope)
    assert key == KEY
    assert (frame.first, frame.last, frame.attempt, frame.after) == (1, count, attempt, entries[-1].hash)
    assert frame.entries() == [stored.entry for stored in entries]


@given(
    st.text(), st.text(), st.integers(1, 1000), st.integers(0, 2**62), positions, st.integers(0, 10**6), st.none() | st.integers(0, 2**50)
)
def test_a_hello_is_opened_as_it_was_sealed(
    org: str, site: str, epoch: int, attempt: int, head: Position, checks: int, since: int | None
) -> None:
    figures = Figures(head_sequence=head.sequence, open_checks=checks, oldest_pending_at_ms=since, alarms=("disk", "clock"))
    hello = Hello(org=org, site=site, epoch=epoch, attempt=attempt, head=head, figures=figures)
    assert open_frame(seal_hello(hello, KEY, sign), verify) == (hello, KEY)


@given(st.sampled_from(AnswerStatus), positions, st.integers(0, 2**62), st.floats(allow_nan=False), st.text())
def test_an_answer_is_read_as_it_was_written(status: AnswerStatus, mark: Position, credit: int, seconds: float, code: str) -> None:
    answer = Answer(
        attempt=1,
        incarnation="i",
        status=status,
        watermark=mark,
        credit_until=credit,
        credit_ttl_s=seconds,
        retry_after_s=seconds,
        code=code,
    )
    assert decode_answer(encode_answer(answer)) == answer


@pytest.mark.parametrize("frame", [seal_envelope(ENVELOPE, KEY, sign), seal_hello(HELLO, KEY, sign)], ids=["envelope", "hello"])
def test_a_frame_cut_anywhere_is_refused(frame: bytes) -> None:
    for length in range(len(frame)):
        with pytest.raises(FrameError):
            open_frame(frame[:length], verify)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_bit_turned_anywhere_is_noticed(at: int, flip: int) -> None:
    frame = bytearray(seal_envelope(ENVELOPE, KEY, sign))
    frame[at % len(frame)] ^= flip
    with pytest.raises(FrameError):
        open_frame(bytes(frame), verify)


def test_a_signature_is_good_for_one_kind_of_frame_only() -> None:
    """A hello shown again as an envelope, by somebody who recorded it."""
    kind, key, signature, payload = msgspec.msgpack.decode(seal_hello(HELLO, KEY, sign))
    assert kind == "hello"
    with pytest.raises(FrameError) as refused:
        open_frame(msgspec.msgpack.encode(["envelope", key, signature, payload]), verify)
    assert refused.value.code == "frame.bad_signature"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "frame.malformed"),
        (b"\xc1", "frame.malformed"),
        (b"\x94\xa1\xff\xa0\xc4\x00\xc4\x00", "frame.malformed"),  # text that is no UTF-8: once took the lane's owner down
        (b"\x91" * 100_000, "frame.malformed"),
        (b"\x95\xa0\xa0\xc4\x00\xc4\x00" + b"\x91" * 100_000, "frame.malformed"),
        (msgspec.msgpack.encode({"kind": "hello"}), "frame.malformed"),
        (msgspec.msgpack.encode(["gossip", KEY, b"", b""]), "frame.unknown_kind"),
        (msgspec.msgpack.encode(["hello", KEY, b"", b""]), "frame.bad_signature"),
        (msgspec.msgpack.encode(["hello", KEY, sign(b"comanda.frame.v1\x00hello\x00"), b""]), "frame.malformed"),
    ],
)
def test_each_way_of_being_no_frame_has_its_code(data: bytes, code: str) -> None:
    with pytest.raises(FrameError) as refused:
        open_frame(data, verify)
    assert refused.value.code == code
    assert refused.value.detail


@pytest.mark.parametrize(
    "fields",
    [{"first": 0}, {"first": -3}, {"last": 2**63}, {"epoch": 0}, {"epoch": 2**40}, {"before": b"short"}, {"after": bytes(33)}],
)  # fmt: skip
def test_an_envelope_beyond_what_a_database_holds_is_refused_before_it_reaches_one(fields: dict[str, object]) -> None:
    """An epoch of forty bits, validly signed, would fail the transaction of a whole lane, again and again (Law 11)."""
    with pytest.raises(FrameError) as refused:
        open_frame(seal_envelope(changed(ENVELOPE, **fields), KEY, sign), verify)
    assert refused.value.code == "frame.malformed"


def test_a_bomb_is_refused_at_its_bound() -> None:
    bomb = zlib.compress(bytes(ENVELOPE_RAW_BYTES_MAX * 20), 9)
    assert len(bomb) < 256 * 1024
    with pytest.raises(FrameError) as refused:
        changed(ENVELOPE, packed=bomb).entries()
    assert refused.value.code == "envelope.malformed"


@pytest.mark.parametrize(
    "packed",
    [b"", b"no zlib", ENVELOPE.packed[:-1], ENVELOPE.packed + b"x", zlib.compress(b"no msgpack"), zlib.compress(msgspec.msgpack.encode(["text"])),
     zlib.compress(msgspec.msgpack.encode([b"1"] * 4)), zlib.compress(msgspec.msgpack.encode([b"1"] * 6))],
)  # fmt: skip
def test_entries_that_cannot_be_unpacked_or_do_not_count_are_refused(packed: bytes) -> None:
    with pytest.raises(FrameError) as refused:
        changed(ENVELOPE, packed=packed).entries()
    assert refused.value.code == "envelope.malformed"


def test_more_entries_than_allowed_are_refused() -> None:
    many = pack_envelope(ORG, SITE, 1, GENESIS_HASH, journal(ENVELOPE_ENTRIES_MAX + 1))
    with pytest.raises(FrameError):
        many.entries()


def test_fields_that_a_later_release_adds_are_passed_over() -> None:
    """Law 10: a hub of today reads the frames of the box of next year, and the other way round."""
    for frame in (seal_envelope(ENVELOPE, KEY, sign), seal_hello(HELLO, KEY, sign)):
        kind, key, _, payload = msgspec.msgpack.decode(frame)
        richer = msgspec.msgpack.encode(msgspec.msgpack.decode(payload) | {"later": [1, {"x": 2}]})
        signature = sign(b"comanda.frame.v1\x00" + kind.encode() + b"\x00" + richer)
        opened, _ = open_frame(msgspec.msgpack.encode([kind, key, signature, richer, "more"]), verify)
        assert opened in (ENVELOPE, HELLO)
    answer = Answer(attempt=1, incarnation="i", status=AnswerStatus.OK, watermark=START)
    richer = msgspec.msgpack.encode(msgspec.msgpack.decode(encode_answer(answer)) | {"later": 5})
    assert decode_answer(richer) == answer


@given(st.binary(max_size=100))
def test_whatever_bytes_come_a_reader_answers(data: bytes) -> None:
    with pytest.raises(FrameError):
        open_frame(data, verify)
    with pytest.raises(FrameError):
        decode_answer(data)
