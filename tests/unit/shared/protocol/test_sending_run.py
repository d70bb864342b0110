"""Incidents of one run of sending: where envelopes end."""

import msgspec
import pytest

from shared import limits
from shared.domain.ids import derived_id
from shared.protocol.entry import GENESIS_HASH, START, StoredEntry, entry_hash
from shared.protocol.sending_run import SendingRun


def journal(*sizes: int) -> list[StoredEntry]:
    """Commands of so many entries each."""
    made: list[StoredEntry] = []
    for number, of in enumerate(sizes):
        for ordinal in range(of):
            data = msgspec.json.encode({"command": derived_id("c", number), "ordinal": ordinal, "of": of})
            before = made[-1].hash if made else GENESIS_HASH
            made.append(StoredEntry(1, len(made) + 1, entry_hash(before, data), data))
    return made


def begun(*, credit: int = 10**6) -> SendingRun:
    run = SendingRun()
    run.begin(START, 0.0)
    run.grant(credit, 60.0)
    return run


def sent(run: SendingRun) -> list[list[int]]:
    return [[entry.sequence for entry in entries] for _, entries in run.envelopes(0, 1.0)]


@pytest.fixture(autouse=True)
def _small_envelopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENVELOPE_ENTRIES_MAX", 5)


def test_a_box_is_swapped_between_two_envelopes_and_no_command_is_half_in_effect() -> None:
    """Found by seed 28: a round was sent to the kitchen, the hub had the line's entry and not the ticket's, and nobody cooked it."""
    run = begun()
    run.take(journal(2, 2, 2, 1))
    assert sent(run) == [[1, 2, 3, 4], [5, 6, 7]]


def test_a_page_of_the_feed_ends_within_a_command_and_its_rest_is_awaited() -> None:
    run, entries = begun(), journal(2, 3)
    run.take(entries[:4])
    assert sent(run) == [[1, 2]]
    assert sent(run) == []
    run.take(entries[4:])
    assert sent(run) == [[3, 4, 5]]


def test_a_command_that_fits_no_envelope_is_sent_in_parts_when_nothing_else_is_under_way() -> None:
    run = begun()
    run.take(journal(1, 12))
    assert sent(run) == [[1]]
    run.settle(1, 2.0)
    assert sent(run) == [[2, 3, 4, 5, 6]]
    run.settle(6, 3.0)
    assert sent(run) == [[7, 8, 9, 10, 11], [12, 13]]


def test_credit_that_ends_within_a_command_is_waited_for_while_it_can_grow() -> None:
    run = begun(credit=5)
    run.take(journal(4, 3))
    assert sent(run) == [[1, 2, 3, 4]]
    run.grant(9, 60.0)
    assert sent(run) == [[5, 6, 7]]


def test_credit_smaller_than_a_command_stops_nothing() -> None:
    run = begun(credit=2)
    run.take(journal(3, 1))
    assert sent(run) == [[1, 2]]
    run.settle(2, 2.0)
    run.grant(10, 60.0)
    assert sent(run) == [[3, 4]]


def test_an_entry_that_cannot_be_read_is_the_hubs_to_judge() -> None:
    run = begun()
    run.take([StoredEntry(1, 1, entry_hash(GENESIS_HASH, b"?"), b"?")])
    assert sent(run) == [[1]]
