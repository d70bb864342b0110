"""The receiving end: never out of order, never twice, never over a gap, and no branch overwritten."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.protocol.entry import GENESIS_HASH, START, Position, StoredEntry, chain
from shared.protocol.envelope import AnswerStatus, Envelope, pack_envelope
from shared.protocol.receiver import Verdict, receive, receive_branch, sequence_to_compare
from tests.unit.shared.protocol.wire import ORG, SITE, changed, journal

ENTRIES = journal(60)


def run(first: int, last: int, entries: list[StoredEntry] = ENTRIES) -> Envelope:
    """The envelope of entries `first` to `last`."""
    before = entries[first - 2].hash if first > 1 else GENESIS_HASH
    return pack_envelope(ORG, SITE, 1, before, entries[first - 1 : last])


def judge(rows: list[StoredEntry], envelope: Envelope) -> Verdict:
    """`receive` as a hub calls it that holds `rows`."""
    watermark = rows[-1].position if rows else START
    at = sequence_to_compare(watermark, envelope)
    return receive(watermark, envelope, rows[at - 1].hash if at else None)


def test_the_next_entries_are_appended_and_the_watermark_advances() -> None:
    verdict = judge(ENTRIES[:10], run(11, 20))
    assert (verdict.status, verdict.watermark, verdict.append) == (AnswerStatus.OK, ENTRIES[19].position, tuple(ENTRIES[10:20]))


@pytest.mark.parametrize(("first", "last"), [(1, 10), (1, 5), (4, 7), (10, 10)])
def test_what_the_hub_has_is_dropped_and_answered_well(first: int, last: int) -> None:
    verdict = judge(ENTRIES[:10], run(first, last))
    assert (verdict.status, verdict.watermark, verdict.append) == (AnswerStatus.OK, ENTRIES[9].position, ())


def test_of_an_envelope_that_overlaps_only_the_new_is_appended() -> None:
    assert judge(ENTRIES[:10], run(6, 15)).append == tuple(ENTRIES[10:15])


def test_a_gap_is_never_jumped() -> None:
    verdict = judge(ENTRIES[:10], run(12, 20))
    assert (verdict.status, verdict.code, verdict.watermark, verdict.append) == (AnswerStatus.GAP, "envelope.gap", ENTRIES[9].position, ())


@pytest.mark.parametrize(("first", "last"), [(11, 15), (8, 15), (8, 10), (7, 9)])
def test_another_branch_is_a_fork_wherever_it_meets_ours(first: int, last: int) -> None:
    theirs = journal(20, tag="other ", after=ENTRIES[:6])
    verdict = judge(ENTRIES[:10], run(first, last, theirs))
    assert (verdict.status, verdict.append) == (AnswerStatus.FORK, ())
    assert verdict.watermark == ENTRIES[9].position


def test_a_replaced_box_is_fenced_whether_it_branched_off_or_merely_lags() -> None:
    ours = journal(5, epoch=2, after=ENTRIES[:10])
    branched = journal(8, tag="alone ", after=ENTRIES[:10])
    assert judge(ours, run(11, 18, branched)).status is AnswerStatus.FENCED
    assert judge(ours, run(11, 13, branched)).status is AnswerStatus.FENCED
    assert judge(ours, run(5, 10)).status is AnswerStatus.OK, "what both have is no quarrel"
    late = journal(2, epoch=1, after=ours)
    assert judge(ours, run(16, 17, late)).status is AnswerStatus.FENCED


def test_a_higher_epoch_goes_on_from_the_same_entry() -> None:
    both = journal(5, epoch=2, after=ENTRIES[:10])
    verdict = judge(both[:10], run(11, 15, both))
    assert (verdict.status, verdict.watermark.epoch) == (AnswerStatus.OK, 2)


def test_an_envelope_whose_entries_do_not_hash_to_what_it_states_is_refused() -> None:
    verdict = judge([], changed(run(1, 5), after=bytes(32)))
    assert (verdict.status, verdict.code) == (AnswerStatus.REFUSED, "envelope.broken_chain")


def test_an_envelope_that_cannot_be_unpacked_is_refused() -> None:
    verdict = judge([], changed(run(1, 5), packed=b"?"))
    assert (verdict.status, verdict.code) == (AnswerStatus.REFUSED, "envelope.malformed")


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 25)), max_size=60))
@settings(max_examples=200)
def test_whatever_comes_in_whatever_order_rows_are_a_prefix_of_the_journal(runs: list[tuple[int, int]]) -> None:
    rows: list[StoredEntry] = []
    for first, count in runs:
        verdict = judge(rows, run(first, min(60, first + count - 1)))
        assert verdict.status in {AnswerStatus.OK, AnswerStatus.GAP}
        assert (verdict.status is AnswerStatus.GAP) == (first > len(rows) + 1)
        rows += verdict.append
        assert rows == ENTRIES[: len(rows)]
        assert verdict.watermark == (rows[-1].position if rows else START)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40), st.integers(1, 25)), max_size=40), st.integers(0, 30))
@settings(max_examples=200)
def test_two_branches_on_one_wire_never_mix(runs: list[tuple[bool, int, int]], common: int) -> None:
    branches = (ENTRIES[:40], journal(40 - common, tag="other ", after=ENTRIES[:common]))
    rows: list[StoredEntry] = []
    for other, first, count in runs:
        rows += judge(rows, run(first, min(40, first + count - 1), list(branches[other]))).append
        assert rows in (list(branches[0][: len(rows)]), list(branches[1][: len(rows)]))
    assert [row.hash for row in rows] == chain(GENESIS_HASH, [row.entry for row in rows])


def test_which_hash_a_hub_must_look_up() -> None:
    mark = Position(1, 10, ENTRIES[9].hash)
    assert [sequence_to_compare(mark, run(first, last)) for first, last in ((1, 9), (1, 10), (5, 15), (11, 12))] == [9, None, None, None]


# --- branches ---

SITE_ROWS = journal(10, epoch=2, after=ENTRIES[:20])
ALONE = journal(15, tag="alone ", after=ENTRIES[:20])  # what the old box wrote by itself
PARTED = ENTRIES[19].position


def judge_branch(branch: list[StoredEntry], envelope: Envelope) -> Verdict:
    """`receive_branch` as a hub calls it that keeps `branch` beside its journal."""
    watermark = branch[-1].position if branch else PARTED
    at = sequence_to_compare(watermark, envelope)
    held = {row.sequence: row.hash for row in SITE_ROWS[:20]} | {row.sequence: row.hash for row in branch}
    return receive_branch(watermark, envelope, held[at] if at else None)


def test_a_branch_goes_on_from_where_it_parted_and_each_answer_says_fenced() -> None:
    verdict = judge_branch([], run(21, 30, ALONE))
    assert (verdict.status, verdict.code) == (AnswerStatus.FENCED, "epoch.fenced")
    assert (verdict.watermark, verdict.append) == (ALONE[29].position, tuple(ALONE[20:30]))


def test_what_lies_before_the_parting_point_is_the_sites_own() -> None:
    verdict = judge_branch([], run(15, 25, ALONE))
    assert (verdict.status, verdict.append) == (AnswerStatus.FENCED, tuple(ALONE[20:25]))
    again = judge_branch([], run(3, 12, ALONE))
    assert (again.status, again.append, again.watermark) == (AnswerStatus.FENCED, (), PARTED)


def test_a_repeat_on_a_branch_is_dropped() -> None:
    verdict = judge_branch(ALONE[20:30], run(21, 28, ALONE))
    assert (verdict.status, verdict.append, verdict.watermark) == (AnswerStatus.FENCED, (), ALONE[29].position)


def test_a_gap_on_a_branch_is_said_by_its_code() -> None:
    verdict = judge_branch([], run(25, 30, ALONE))
    assert (verdict.status, verdict.code, verdict.append) == (AnswerStatus.FENCED, "envelope.gap", ())


@pytest.mark.parametrize(("first", "last", "branch_length"), [(18, 25, 0), (21, 28, 10), (25, 35, 10), (31, 35, 10)])
def test_a_box_that_contradicts_the_site_or_its_own_branch_is_a_fork(first: int, last: int, branch_length: int) -> None:
    other = journal(20, tag="other ", after=ENTRIES[:15])
    verdict = judge_branch(ALONE[20 : 20 + branch_length], run(first, last, other))
    assert (verdict.status, verdict.code, verdict.append) == (AnswerStatus.FORK, "envelope.fork", ())


def test_an_epoch_that_goes_back_on_one_box_is_a_fork() -> None:
    mixed = journal(3, epoch=1, after=journal(3, epoch=2, after=ENTRIES[:20]))
    verdict = judge_branch(mixed[20:23], run(24, 26, mixed))
    assert (verdict.status, verdict.code) == (AnswerStatus.FORK, "envelope.fork")


def test_a_branch_with_damaged_entries_is_refused() -> None:
    verdict = judge_branch([], changed(run(21, 30, ALONE), after=bytes(32)))
    assert (verdict.status, verdict.code) == (AnswerStatus.REFUSED, "envelope.broken_chain")


@given(st.lists(st.tuples(st.integers(1, 35), st.integers(1, 12)), max_size=40))
@settings(max_examples=100)
def test_whatever_comes_in_whatever_order_a_branch_is_a_run_of_what_its_box_held(runs: list[tuple[int, int]]) -> None:
    branch: list[StoredEntry] = []
    for first, count in runs:
        verdict = judge_branch(branch, run(first, min(35, first + count - 1), ALONE))
        assert verdict.status is AnswerStatus.FENCED
        branch += verdict.append
        assert branch == ALONE[20 : 20 + len(branch)]
        assert verdict.watermark == (branch[-1].position if branch else PARTED)
