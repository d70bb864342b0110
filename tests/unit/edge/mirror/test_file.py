"""The file of a mirror: whatever was synced is there after a power cut, and nothing is thrown away that may be the only copy."""

import errno
import os
from pathlib import Path

import pytest

from edge.mirror import file as mirror_file
from edge.mirror.file import JOURNAL, BrokenChainError, MirrorFile, MirrorMovedError, Walk, check, files_in
from shared.protocol.entry import START, StoredEntry
from shared.protocol.mirror_file import MirrorFileError
from tests.support.boxes import new_id
from tests.support.journals import SiteJournal

ORG, SITE = new_id(), new_id()


@pytest.fixture(scope="module")
def journal() -> SiteJournal:
    return SiteJournal(ORG, SITE).begin().orders(5)


def _entries(path: Path) -> list[StoredEntry]:
    return [entry for run in Walk(path).runs() for entry in run]


def test_what_was_appended_is_there_when_the_mirror_is_opened_again(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    assert mirror.position == START
    mirror.append([journal.entries[:3], journal.entries[3:9]])
    mirror.close()
    again = MirrorFile(tmp_path, ORG, SITE)
    assert again.position == journal.entries[8].position
    again.append([journal.entries[9:]])
    again.close()
    assert _entries(tmp_path / JOURNAL) == journal.entries
    found = check(tmp_path / JOURNAL)
    assert (found.head, found.first, found.problem, found.torn_bytes) == (str(journal.head), 1, "", 0)


def test_a_torn_tail_is_cut_wherever_it_was_torn_and_the_mirror_goes_on_from_the_last_whole_frame(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[:4]])
    whole = mirror.path.stat().st_size
    mirror.append([journal.entries[4:6]])
    mirror.close()
    data = mirror.path.read_bytes()
    for length in {*range(whole, whole + 12), *range(whole, len(data), 61), *range(len(data) - 12, len(data))}:
        mirror.path.write_bytes(data[:length])
        cut = MirrorFile(tmp_path, ORG, SITE)
        assert cut.position == journal.entries[3].position
        cut.append([journal.entries[4:6]])
        cut.close()
        assert mirror.path.read_bytes() == data


def test_the_power_fails_in_the_first_write_of_all(tmp_path):
    MirrorFile(tmp_path, ORG, SITE).close()
    header = (tmp_path / JOURNAL).read_bytes()
    for length in range(len(header)):
        (tmp_path / JOURNAL).write_bytes(header[:length])
        mirror = MirrorFile(tmp_path, ORG, SITE)
        assert mirror.position == START
        mirror.close()
        assert (tmp_path / JOURNAL).read_bytes() == header


def test_a_full_stick_takes_half_a_frame_and_the_next_attempt_follows_a_whole_one(tmp_path, journal, monkeypatch):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[:2]])
    size, write = mirror.path.stat().st_size, os.write
    left = iter([40])

    def full(descriptor: int, data: bytes) -> int:
        room = next(left, None)
        if room is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:room])

    monkeypatch.setattr(mirror_file.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        mirror.append([journal.entries[2:8]])
    monkeypatch.undo()
    assert mirror.path.stat().st_size == size
    assert mirror.position == journal.entries[1].position
    mirror.append([journal.entries[2:8]])
    mirror.close()
    assert _entries(mirror.path) == journal.entries[:8]


def test_entries_that_do_not_follow_are_never_written(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[:2]])
    with pytest.raises(BrokenChainError, match="entry 4 follows entry 2"):
        mirror.append([journal.entries[3:5]])
    third = journal.entries[2]
    with pytest.raises(BrokenChainError, match="hash of entry 3"):
        mirror.append([[StoredEntry(third.epoch, third.sequence, third.hash, third.entry + b" ")]])
    mirror.close()
    assert _entries(mirror.path) == journal.entries[:2]


def test_an_empty_mirror_of_a_box_that_has_trimmed_begins_behind_its_checkpoint(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[10:]])
    mirror.close()
    found = check(mirror.path)
    assert (found.first, found.head, found.problem) == (11, str(journal.head), "")


def test_a_stick_that_is_pulled_or_changed_is_noticed_before_anything_is_written_into_nowhere(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[:2]])
    mirror.path.rename(tmp_path / "elsewhere")
    with pytest.raises(MirrorMovedError):
        mirror.append([journal.entries[2:4]])
    (tmp_path / JOURNAL).write_bytes(b"another stick")
    with pytest.raises(MirrorMovedError):
        mirror.append([journal.entries[2:4]])
    mirror.close()


def test_the_mirror_of_another_site_and_a_file_that_is_none_are_left_alone(tmp_path, journal):
    MirrorFile(tmp_path, ORG, new_id()).close()
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(MirrorFileError) as caught:
        MirrorFile(tmp_path, ORG, SITE)
    assert caught.value.code == "mirror.foreign"
    assert (tmp_path / JOURNAL).read_bytes() == before
    (tmp_path / JOURNAL).write_bytes(b"holiday pictures " * 1_000)
    with pytest.raises(MirrorFileError) as caught:
        MirrorFile(tmp_path, ORG, SITE)
    assert caught.value.code == "mirror.malformed"


def test_a_mirror_that_the_stick_has_damaged_far_from_its_end_is_kept_whole_beside_its_good_part(tmp_path, journal, monkeypatch):
    monkeypatch.setattr(mirror_file, "MIRROR_GROUP_BYTES_MAX", 1_000)
    mirror = MirrorFile(tmp_path, ORG, SITE)
    for entry in journal.entries:
        mirror.append([[entry]])
    mirror.close()
    data = bytearray(mirror.path.read_bytes())
    data[len(data) // 2] ^= 1
    mirror.path.write_bytes(data)
    again = MirrorFile(tmp_path, ORG, SITE)
    assert again.set_aside == (True, False)
    good = again.position.sequence
    assert 0 < good < journal.head.sequence
    again.append([journal.entries[good:]])
    again.close()
    assert _entries(mirror.path) == journal.entries
    (kept,) = tmp_path.glob("damaged-*.mirror")
    assert kept.read_bytes() == bytes(data)


def test_another_history_begins_another_file_and_the_one_before_is_kept(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries])
    kept = mirror.begin_anew()
    assert mirror.set_aside == (False, True)
    other = SiteJournal(ORG, SITE, epoch=2).begin().orders(1)
    mirror.append([other.entries])
    mirror.close()
    assert _entries(kept) == journal.entries
    assert _entries(mirror.path) == other.entries


def test_a_mirror_that_was_away_until_the_box_had_trimmed_keeps_what_it_held_and_begins_where_the_journal_does(tmp_path, journal):
    mirror = MirrorFile(tmp_path, ORG, SITE)
    mirror.append([journal.entries[:5]])
    kept = mirror.begin_anew(is_earlier=True)
    assert mirror.set_aside == (False, False), "nothing is wrong: the hub has what lies between"
    mirror.append([journal.entries[12:]])
    mirror.close()
    assert files_in(tmp_path) == sorted([kept, tmp_path / JOURNAL])
    assert _entries(kept) == journal.entries[:5]
    assert _entries(tmp_path / JOURNAL) == journal.entries[12:]


def test_the_mirrors_below_a_path_are_found_however_it_is_named(tmp_path):
    site = tmp_path / SITE
    site.mkdir()
    MirrorFile(site, ORG, SITE).close()
    assert files_in(tmp_path) == files_in(site) == files_in(site / JOURNAL) == [site / JOURNAL]
    assert files_in(tmp_path / "empty") == []
