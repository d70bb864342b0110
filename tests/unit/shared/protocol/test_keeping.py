"""Keepsakes: what a replacement needs and stands in no entry reaches the hub, once, in pieces, and after the orders."""

import hashlib
import random

import pytest

from shared import limits
from shared.protocol.entry import START
from shared.protocol.envelope import DocumentPart, Envelope, FrameError, Keepsake, open_frame
from shared.protocol.keeping import KeepsakeQueue, parts_of
from shared.protocol.sender import Publish, Sender, WantKeepsakes
from tests.unit.shared.protocol.wire import ME, Wire, frames, journal, linked, lose_all, sign, verify

MENU = b'{"items": []}'
LARGE = random.Random(4).randbytes(5 * limits.DOCUMENT_PART_BYTES + 7)


def version_of(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()


def test_a_hub_that_lacks_a_menu_asks_for_it_and_gets_it_whole() -> None:
    wire = linked(10)
    wire.keep(MENU, LARGE)
    assert wire.run(limits.HELLO_INTERVAL_S * 2 + 5, lambda: len(wire.hub.keepsakes) == 2)
    assert set(wire.hub.keepsakes.values()) == {MENU, LARGE}


def test_what_the_hub_has_is_not_sent_again() -> None:
    wire = linked(10)
    wire.keep(MENU)
    wire.run(limits.HELLO_INTERVAL_S * 3)
    sent = wire.sent_frames
    wire.run(limits.HELLO_INTERVAL_S * 10)
    assert wire.sent_frames - sent <= 11, "hellos and nothing else"


def test_parts_that_were_lost_are_sent_again_when_they_are_still_wanted() -> None:
    wire = linked(10)
    wire.keep(LARGE)

    def lose_parts(queue: object) -> None:
        if queue is wire.up:
            kept = [data for data in wire.up if not isinstance(open_frame(data, verify)[0], DocumentPart)]
            wire.up.clear()
            wire.up.extend(kept)

    wire.spoil = lose_parts
    wire.run(limits.HELLO_INTERVAL_S * 2)
    assert wire.hub.keepsakes == {}
    wire.spoil = lambda queue: None
    assert wire.run(limits.KEEPSAKE_RETRY_S + limits.HELLO_INTERVAL_S + 5, lambda: bool(wire.hub.keepsakes))


def test_a_wanted_keepsake_that_the_box_cannot_hand_over_is_asked_for_now_and_then() -> None:
    wire = linked(10)
    asked: list[WantKeepsakes] = []
    wire.keep(MENU)
    wire.documents.clear()
    for _ in range(600):
        wire.now += 1
        actions = wire.sender.tick(wire.now)
        asked += [action for action in actions if isinstance(action, WantKeepsakes)]
        wire.act(actions)
        wire.exchange()
    assert 0 <= len(asked) <= 600 / limits.KEEPSAKE_RETRY_S


def test_a_menu_that_the_hub_cannot_keep_is_not_sent_with_every_heartbeat() -> None:
    """It has no room, say. It went on wanting the menu, and got it four times a minute."""
    wire = linked(10)
    wire.keep(MENU)
    sent = 0

    def forget(queue: object) -> None:
        nonlocal sent
        if queue is wire.up:
            sent += sum(isinstance(frame, DocumentPart) for frame in frames(wire.up))
        wire.hub.keepsakes.clear()

    wire.spoil = forget
    wire.run(600)
    assert 2 <= sent <= 600 / limits.KEEPSAKE_RETRY_S + 1


def test_nothing_is_asked_of_the_box_while_parts_wait() -> None:
    queue = KeepsakeQueue()
    versions = [f"{number:064x}" for number in range(limits.KEEPSAKES_ASKED_MAX + 1)]
    queue.want(versions, versions, 0.0)
    assert len(queue.ask(0.0)) == limits.KEEPSAKES_ASKED_MAX
    queue.add(versions[0], parts_of(ME, "menu", version_of(LARGE), LARGE))
    assert queue.ask(0.0) == ()
    while queue.next_parts():
        pass
    assert queue.ask(0.0) == (versions[-1],)


def test_a_hundred_menus_go_a_few_at_a_time() -> None:
    wire = linked(10)
    wire.keep(*(f"menu {number}".encode() for number in range(100)))
    most = 0

    def watch(queue: object) -> None:
        nonlocal most
        if queue is wire.up:
            most = max(most, sum(isinstance(frame, DocumentPart) for frame in frames(wire.up)))

    wire.spoil = watch
    assert wire.run(120, lambda: len(wire.hub.keepsakes) == 100)
    assert most <= limits.KEEPSAKES_ASKED_MAX * limits.KEEPSAKE_PARTS_AT_ONCE


def test_orders_go_before_a_large_menu() -> None:
    wire = linked(10)
    wire.keep(LARGE)
    wire.run(limits.HELLO_INTERVAL_S, lambda: bool(wire.hub.parts))
    wire.entries = journal(1, after=wire.entries)
    page = wire.entries[10:]
    kinds = [type(open_frame(action.data, verify)[0]) for action in wire.sender.entries(page, wire.now) if isinstance(action, Publish)]
    assert kinds == [Envelope]


def test_a_part_disturbs_no_sending_whatever_is_answered_to_it() -> None:
    assert {part.attempt for part in parts_of(ME, "menu", version_of(LARGE), LARGE)} == {0}


def test_a_keepsake_that_does_not_hash_to_its_version_is_not_sent() -> None:
    wire = linked(10)
    with pytest.raises(FrameError) as refused:
        wire.sender.keepsake("menu", version_of(b"other"), MENU, wire.now)
    assert refused.value.code == "document.malformed"


def test_a_keepsake_that_is_too_large_for_its_parts_is_not_sent() -> None:
    huge = random.Random(5).randbytes(limits.DOCUMENT_PART_BYTES * (limits.DOCUMENT_PARTS_MAX + 1))
    with pytest.raises(FrameError) as refused:
        parts_of(ME, "menu", version_of(huge), huge)
    assert refused.value.code == "document.malformed"


def test_without_a_connection_nothing_is_sent_and_nothing_waits() -> None:
    wire = linked(10)
    wire.keep(LARGE)
    wire.run(limits.HELLO_INTERVAL_S, lambda: bool(wire.hub.parts))
    wire.disconnect()
    assert wire.sender.keepsake("menu", version_of(MENU), MENU, wire.now) == []
    wire.spoil = lose_all
    wire.connect()
    assert not any(isinstance(frame, DocumentPart) for frame in frames(wire.up))


def test_a_hello_names_no_more_keepsakes_than_its_bound() -> None:
    sender = Sender(ME, sign)
    sender.keepsakes = tuple(Keepsake("menu", f"{number:064x}") for number in range(limits.KEEPSAKES_MAX + 5))
    (hello,) = (open_frame(action.data, verify)[0] for action in sender.connected(0.0) if isinstance(action, Publish))
    assert len(getattr(hello, "keepsakes", ())) == limits.KEEPSAKES_MAX
    assert sender.watermark == START


def test_more_documents_than_there_is_room_for_are_asked_for_again() -> None:
    wire = Wire(journal(1))
    wire.connect()
    wire.spoil = lambda queue: None
    many = [random.Random(seed).randbytes(limits.DOCUMENT_PART_BYTES * 40) for seed in range(4)]
    wire.keep(*many)
    assert wire.run(600, lambda: len(wire.hub.keepsakes) == 4)
