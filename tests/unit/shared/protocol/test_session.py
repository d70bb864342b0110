"""What devices send and are answered: read strictly, and byte for byte the same for ever."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.domain.ids import derived_id
from shared.limits import BATCH_COMMANDS_MAX
from shared.protocol.session import Accepted, AcceptedEvent, Batch, ChangesFrame, EntriesFrame, FeedEntry, Problem, SnapshotFrame, Submit

ID = derived_id("command")


def test_a_command_is_carried_as_it_was_written() -> None:
    body = b'{ "type":"SendCheck" , "check_id":"x" }'
    read = msgspec.json.decode(b'{"id":"' + ID.encode() + b'","command":' + body + b"}", type=Submit)
    assert bytes(read.command) == body


@pytest.mark.parametrize(
    "body", [b"{}", b'{"id":"short","command":{}}', b'{"id":"%s","command":{},"more":1}' % ID.encode(), b"[]", b"null"]
)
def test_what_is_no_submission_is_not_read(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Submit)


@pytest.mark.parametrize("count", [0, BATCH_COMMANDS_MAX + 1])
def test_a_batch_is_bounded(count: int) -> None:
    body = msgspec.json.encode({"commands": [{"id": ID, "command": {}}] * count})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Batch)


def test_an_answer_is_the_same_bytes_however_often_it_is_made() -> None:
    answer = Accepted(
        command_id=ID, position=f"1.2.{'ab' * 32}", at=datetime(2026, 3, 2, 11, 0, 0, 125_000, tzinfo=UTC), business_date="2026-03-02",
        events=(AcceptedEvent(sequence=2, event=msgspec.Raw(b'{"type":"X"}')),),
    )  # fmt: skip
    first = msgspec.json.encode(answer)
    assert msgspec.json.encode(msgspec.json.decode(first, type=Accepted)) == first


def test_a_problem_without_facts_says_nothing_of_them() -> None:
    problem = Problem(type="t", title="T", status=409, detail="d", code="check.closed", hint="h")
    assert set(msgspec.json.decode(msgspec.json.encode(problem))) == {"type", "title", "status", "detail", "code", "hint"}


def test_frames_of_the_feed_are_told_apart_by_their_type() -> None:
    frames = {EntriesFrame: "entries", ChangesFrame: "changes", SnapshotFrame: "snapshot"}
    assert {cls: cls.__struct_config__.tag for cls in frames} == frames
    entry = FeedEntry(position=f"1.1.{'00' * 32}", entry=msgspec.Raw(b'{"v":1}'))
    frame = EntriesFrame(head=entry.position, entries=(entry,))
    assert msgspec.json.decode(msgspec.json.encode(frame), type=EntriesFrame | ChangesFrame) == frame
