"""What is held back together is repaired together; what a person writes in place of an entry is read strictly."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app.errors import HubRefused
from hub.project.reading import RawEntry, read_entry
from hub.project.repairing import corrected_entry, held_together
from shared.domain.ids import derived_id
from shared.protocol.entry import decode_entry
from tests.support.journals import SiteJournal

SITE = SiteJournal(derived_id("org"), derived_id("site")).begin()
CHECK = SITE.open_check()
SITE.add(CHECK)
LINE = RawEntry(3, 1, SITE.entries[2].entry)


def test_checks_that_share_an_entry_are_one_group() -> None:
    a, b, c = ("check", "a"), ("check", "b"), ("check", "c")
    held = [(1, a), (2, b), (3, a), (3, b), (4, c)]
    assert held_together(held) == [(frozenset({a, b}), [1, 2, 3]), (frozenset({c}), [4])]
    assert held_together([]) == []


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from("abcdef")), max_size=40))
def test_no_entry_and_no_check_is_in_two_groups_and_none_is_lost(held: list[tuple[int, str]]) -> None:
    rows = sorted({(sequence, ("check", id)) for sequence, id in held})
    groups = held_together(rows)
    keys = [key for found, _ in groups for key in found]
    sequences = [sequence for _, found in groups for sequence in found]
    assert (len(keys), len(sequences)) == (len(set(keys)), len(set(sequences)))
    for sequence, key in rows:
        assert sum(key in found and sequence in places for found, places in groups) == 1
    # Nothing is in a group without being linked to the rest of it.
    for found, places in groups:
        reached, grown = {places[0]}, True
        while grown:
            linked = {key for sequence, key in rows if sequence in reached}
            grown = bool(new := {sequence for sequence, key in rows if key in linked} - reached)
            reached |= new
        assert reached == set(places)
        assert {key for sequence, key in rows if sequence in reached} == set(found)


def event(**said: object) -> bytes:
    return json.dumps(json.loads(bytes(decode_entry(LINE.data).event)) | said).encode()


def test_a_corrected_event_stands_in_the_entry_that_was_written() -> None:
    made = decode_entry(corrected_entry(SITE.address, LINE, event(quantity=7) + b"\n"))
    written = decode_entry(LINE.data)
    assert json.loads(bytes(made.event))["quantity"] == 7
    assert msgspec.structs.replace(made, event=written.event) == written


def test_a_whole_entry_can_be_given_where_the_raw_one_cannot_be_read() -> None:
    spoiled = RawEntry(3, 1, b"\xff\xfe")
    assert corrected_entry(SITE.address, spoiled, LINE.data) == LINE.data
    with pytest.raises(HubRefused, match=r"correction\.malformed"):
        corrected_entry(SITE.address, spoiled, event())


@pytest.mark.parametrize("said", [{"sequence": 4}, {"epoch": 2}, {"site": derived_id("other")}])
def test_a_whole_entry_stays_in_its_place(said: dict[str, object]) -> None:
    body = json.dumps(json.loads(LINE.data) | said).encode()
    with pytest.raises(HubRefused, match=r"correction\.malformed"):
        corrected_entry(SITE.address, LINE, body)


@given(st.binary(max_size=120))
def test_whatever_a_file_holds_it_is_read_or_refused(body: bytes) -> None:
    try:
        corrected_entry(SITE.address, LINE, body)
    except HubRefused as refused:
        assert refused.code == "correction.malformed"


def test_what_is_left_out_is_about_nothing() -> None:
    read = read_entry(*SITE.address, msgspec.structs.replace(LINE, is_left_out=True))
    assert (read.subjects, read.event, read.code) == ((), None, "")


def test_an_adopted_event_is_about_what_it_carries() -> None:
    written = decode_entry(LINE.data)
    said = {"type": "OrphanAdopted", "epoch": 1, "sequence": 3, "hash": "0" * 64, "at": "2026-03-01T17:00:00Z", "date": "2026-03-01"}

    def adopted(inner: object) -> RawEntry:
        body = json.loads(LINE.data) | {"event": {**said, "event": inner}}
        return RawEntry(3, 1, json.dumps(body).encode())

    inner = json.loads(bytes(written.event))
    assert read_entry(*SITE.address, adopted(inner)).subjects == (("check", CHECK),)
    spoiled = read_entry(*SITE.address, adopted(inner | {"quantity": "two"}))
    assert (spoiled.subjects, spoiled.code) == ((("check", CHECK),), "event.malformed")
    unknown = read_entry(*SITE.address, adopted({"type": "GuestForgotten"}))
    assert (unknown.event, unknown.code) == (None, "")
