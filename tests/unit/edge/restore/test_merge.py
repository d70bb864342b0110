"""One journal from what hub and mirrors hold: as long as can be proven, and never over what a directory holds."""

from pathlib import Path

import pytest

from edge.mirror.file import Walk
from edge.restore.merge import Merger
from edge.restore.report import Stretch
from shared.operator_error import OperatorError
from shared.protocol.entry import StoredEntry, decode_entry, encode_entry, entry_hash
from tests.unit.edge.restore.kit import FakeHub, box_of, entries_in, hub_source, mirror_of, refill, site_journal

JOURNAL = site_journal(6).entries  # of epoch 1


def _forked(at: int, count: int, *, epoch: int = 1) -> list[StoredEntry]:
    """The journal up to before `at`, and from there on `count` entries of another history."""
    run, last = JOURNAL[: at - 1], JOURNAL[at - 2]
    for sequence in range(at, at + count):
        template = decode_entry(JOURNAL[sequence - 1].entry)
        entry = encode_entry(
            type(template)(**{n: getattr(template, n) for n in template.__struct_fields__} | {"epoch": epoch, "actor": "else"})
        )
        last = StoredEntry(epoch, sequence, entry_hash(last.hash, entry), entry)
        run = [*run, last]
    return run


def _came(merger: Merger) -> list[tuple[str, int, int]]:
    return [(each.source.split()[0], each.stretch.first, each.stretch.last) for each in merger.came]


def _merge(tmp_path: Path, hub: list[StoredEntry] | None, *mirrors: list[StoredEntry], own: list[StoredEntry] = [], epoch: int = 2):  # noqa: B006
    box = box_of(tmp_path / "new", epoch=epoch)
    journal = refill(tmp_path / "new", own)
    merger = Merger(journal, box, tmp_path / "new")
    sources = [mirror_of(tmp_path / f"stick{index}", entries) for index, entries in enumerate(mirrors)]
    try:
        if hub is None:
            merger.merge(None, sources)
        else:
            with FakeHub(hub).serving() as serving:
                merger.merge(hub_source(box, tmp_path / "new", serving), sources)
        return merger, entries_in(journal)
    finally:
        journal.close()


def _refused(*arguments, **options) -> str:
    with pytest.raises(OperatorError) as caught:
        _merge(*arguments, **options)
    return caught.value.code


def test_the_mirror_leads_on_where_the_hub_ends(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL[:20], JOURNAL)
    assert held == JOURNAL
    assert _came(merger) == [("hub", 1, 20), ("mirror", 21, len(JOURNAL))]
    assert merger.highest == JOURNAL[-1].position


def test_the_hub_leads_on_where_the_mirror_ends_and_neither_alone_has_more(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL, JOURNAL[:20])
    assert held == JOURNAL
    assert _came(merger) == [("hub", 1, len(JOURNAL))]
    assert merger.branches == []


def test_without_the_hub_the_longest_of_two_sticks_counts(tmp_path):
    _, held = _merge(tmp_path, None, JOURNAL[:10], JOURNAL[:30])

    assert held == JOURNAL[: len(held)]
    assert len(held) >= 25, "only the half command at the end is left out"


def test_nothing_at_all_leaves_an_empty_journal(tmp_path):
    merger, held = _merge(tmp_path, [])
    assert held == []
    assert merger.highest.sequence == 0


def test_half_a_command_at_the_end_of_a_mirror_is_left_out_since_it_would_be_half_in_effect_for_ever(tmp_path):
    half = next(
        index for index, entry in enumerate(JOURNAL, 1) if decode_entry(entry.entry).of > 1 and decode_entry(entry.entry).ordinal == 0
    )
    merger, held = _merge(tmp_path, None, JOURNAL[:half])
    assert held == JOURNAL[: half - 1]
    assert any("middle of a command" in problem for problem in merger.problems)
    merger, held = _merge(tmp_path / "hub", JOURNAL[:half])
    assert held == JOURNAL[:half], "what the hub has is the site's"
    assert any("middle of a command" in problem for problem in merger.problems)
    assert merger.half_command == half


def test_a_mirror_that_contradicts_the_hub_is_kept_apart_from_the_first_entry_at_which_they_differ(tmp_path):
    other = _forked(15, 12)
    merger, held = _merge(tmp_path, JOURNAL[:20], other)
    assert held == JOURNAL[:20]
    (branch,) = merger.branches
    assert branch.from_sequence == 15
    assert branch.head == str(other[-1].position)
    assert branch.file == "branch-1.26.mirror"
    assert [entry for run in Walk(tmp_path / "new" / branch.file).runs() for entry in run] == other[14:]
    assert merger.highest == JOURNAL[19].position, "what is kept apart is not missing"


def test_a_mirror_of_the_box_before_that_went_on_after_it_was_replaced_is_a_branch_of_its_own(tmp_path):
    second = _forked(21, 6, epoch=2)
    merger, held = _merge(tmp_path, second, JOURNAL, epoch=3)
    assert held == second
    assert [(branch.from_sequence, branch.head) for branch in merger.branches] == [(21, str(JOURNAL[-1].position))]


def test_a_mirror_fills_the_hole_of_the_hub_and_the_hub_goes_on_behind_it(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL[:12] + JOURNAL[25:], JOURNAL[:33])
    assert held == JOURNAL
    assert [source for source, _, _ in _came(merger)] == ["hub", "mirror", "hub"]


def test_a_mirror_that_begins_behind_a_checkpoint_leads_on_after_the_hub_and_says_what_it_lacks_without_it(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL[:20], JOURNAL[15:])
    assert held == JOURNAL
    assert merger.branches == []
    merger, held = _merge(tmp_path / "alone", None, JOURNAL[15:])
    assert held == []
    assert any("begins at entry 16; entries 1 to 15" in problem for problem in merger.problems)


def test_a_hole_that_nobody_fills_stops_the_restore_with_what_to_look_for(tmp_path):
    assert _refused(tmp_path, JOURNAL[:12] + JOURNAL[25:], JOURNAL[:10]) == "restore.hole"


def test_a_directory_that_ends_earlier_is_gone_on_with(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL, own=JOURNAL[:17])
    assert held == JOURNAL
    assert _came(merger) == [("this", 1, 17), ("hub", 18, len(JOURNAL))]


def test_the_power_fails_at_any_page_and_the_restore_is_run_again_to_the_same_end(tmp_path):
    whole, _ = _merge(tmp_path / "whole", JOURNAL[:20], JOURNAL)
    for stop in range(1, len(JOURNAL), 5):
        directory = tmp_path / str(stop)
        box = box_of(directory / "new")
        mirror = mirror_of(directory / "stick", JOURNAL)

        def fail(sequence: int, stop: int = stop) -> None:
            if sequence >= stop:
                raise KeyboardInterrupt

        with FakeHub(JOURNAL[:20]).serving() as serving:
            journal = refill(directory / "new")
            with pytest.raises(KeyboardInterrupt):
                Merger(journal, box, directory / "new", fail).merge(hub_source(box, directory / "new", serving), [mirror])
            journal.close()
            journal = refill(directory / "new")
            assert entries_in(journal) == JOURNAL[: journal.head.sequence]
            merger = Merger(journal, box, directory / "new")
            merger.merge(hub_source(box, directory / "new", serving), [mirror])
            assert entries_in(journal) == JOURNAL
            assert merger.highest == whole.highest
            journal.close()


def test_a_directory_that_holds_more_than_all_sources_is_left_as_it_is(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL[:20], JOURNAL[:25], own=JOURNAL)
    assert held == JOURNAL
    assert merger.branches == []


@pytest.mark.parametrize("hub", [JOURNAL, JOURNAL[:18], None])
def test_a_directory_with_another_history_is_never_touched(tmp_path, hub):
    own = _forked(15, 6)
    mirrors = [JOURNAL] if hub is None else []
    assert _refused(tmp_path, hub, *mirrors, own=own) == "restore.contradicts"
    journal = refill(tmp_path / "new")
    assert entries_in(journal) == own
    journal.close()


def test_a_mirror_that_contradicts_what_hub_and_directory_agree_on_is_a_branch(tmp_path):
    merger, held = _merge(tmp_path, JOURNAL[:20], _forked(15, 6), own=JOURNAL[:20])
    assert held == JOURNAL[:20]
    assert len(merger.branches) == 1


def test_a_higher_epoch_means_that_another_box_has_been_claimed_since(tmp_path):
    assert _refused(tmp_path, _forked(21, 6, epoch=3)) == "restore.epoch_behind"
    assert _refused(tmp_path / "stick", None, _forked(21, 6, epoch=3)) == "restore.epoch_behind"


def test_entries_under_this_very_claim_that_are_not_here_mean_that_its_numbers_are_given(tmp_path):
    assert _refused(tmp_path, JOURNAL, epoch=1) == "restore.epoch_used"
    _, held = _merge(tmp_path / "again", JOURNAL, epoch=1, own=JOURNAL)
    assert held == JOURNAL, "they are here: the restore is run a second time"


def test_a_hub_whose_entries_do_not_chain_is_believed_up_to_where_they_do_and_no_further(tmp_path):
    damaged = list(JOURNAL[:20])
    bad = damaged[14]
    damaged[14] = StoredEntry(bad.epoch, bad.sequence, bad.hash, bad.entry + b" ")
    merger, held = _merge(tmp_path, damaged, JOURNAL)
    assert held == JOURNAL
    assert _came(merger)[0] == ("hub", 1, 14)
    assert any("hash of entry 15" in problem for problem in merger.problems)


def test_entries_of_another_site_are_not_taken_however_well_they_chain(tmp_path):
    from tests.support.boxes import new_id
    from tests.support.journals import SiteJournal

    other = SiteJournal(new_id(), new_id()).begin().orders(1).entries
    assert _refused(tmp_path, other) == "restore.hole"


def test_the_report_of_a_stretch_reads_as_a_person_would_say_it():
    assert [str(Stretch(first=3, last=3)), str(Stretch(first=3, last=9))] == ["3", "3 to 9"]
