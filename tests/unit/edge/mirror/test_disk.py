"""The disk of a mirror: every trouble has a name that says what to do."""

import errno

import pytest

from edge.mirror import file as mirror_file
from edge.mirror.disk import MIRROR_ALARMS, Disk, DiskError
from shared.protocol.entry import START
from tests.support.boxes import new_id
from tests.support.journals import SiteJournal

ORG, SITE = new_id(), new_id()


def _disk(tmp_path, **options) -> Disk:
    (tmp_path / "stick").mkdir(exist_ok=True)
    return Disk(tmp_path / "stick", tmp_path, ORG, SITE, **{"may_share": True} | options)


def _code(act, *arguments) -> str:
    with pytest.raises(DiskError) as caught:
        act(*arguments)
    assert caught.value.code in MIRROR_ALARMS
    return caught.value.code


def test_an_empty_directory_where_a_stick_should_be_mounted_is_not_filled(tmp_path):
    disk = _disk(tmp_path, may_share=False)
    assert _code(disk.open) == "mirror.same_disk"
    assert list((tmp_path / "stick").iterdir()) == []
    assert disk.directory is None


def test_a_stick_that_is_pulled_and_put_back_is_gone_on_with(tmp_path):
    journal = SiteJournal(ORG, SITE).begin().orders(1)
    disk = _disk(tmp_path)
    assert disk.open() == START
    disk.append([journal.entries[:3]])
    (tmp_path / "stick").rename(tmp_path / "pocket")
    assert _code(disk.look) == "mirror.missing"
    assert _code(disk.append, [journal.entries[3:]]) == "mirror.missing"
    assert _code(disk.open) == "mirror.missing"
    (tmp_path / "pocket").rename(tmp_path / "stick")
    assert disk.open() == journal.entries[2].position
    disk.append([journal.entries[3:]])
    disk.look()
    disk.close()


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "mirror.full"), (errno.EIO, "mirror.unwritable"), (errno.ENODEV, "mirror.missing")]
)
def test_what_the_disk_says_is_told_in_words_for_a_person(tmp_path, monkeypatch, number, code):
    journal = SiteJournal(ORG, SITE).begin()
    disk = _disk(tmp_path)
    disk.open()

    def fail(*_: object) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(mirror_file.os, "fsync", fail)
    assert _code(disk.append, [journal.entries]) == code
    monkeypatch.undo()
    assert disk.open() == START
    disk.append([journal.entries])
    disk.close()


def test_a_box_that_sends_what_does_not_chain_is_an_alarm_of_its_own(tmp_path):
    disk = _disk(tmp_path)
    disk.open()
    broken = SiteJournal(ORG, SITE).begin().orders(1).entries
    assert _code(disk.append, [broken[:2] + broken[3:]]) == "mirror.broken_chain"
    disk.close()


def test_a_stick_of_another_site_or_with_something_else_on_it_is_named(tmp_path):
    disk = _disk(tmp_path)
    (tmp_path / "stick" / SITE).mkdir()
    path = tmp_path / "stick" / SITE / "journal.mirror"
    path.write_bytes(b"holiday pictures " * 100)
    assert _code(disk.open) == "mirror.malformed"


def test_what_is_kept_beside_the_mirror_is_told_until_a_person_takes_it_away(tmp_path):
    journal = SiteJournal(ORG, SITE).begin()
    disk = _disk(tmp_path)
    disk.open()
    disk.append([journal.entries])
    kept = disk.begin_anew()
    assert disk.open() == START
    assert disk.warning == "mirror.forked"
    kept.rename(tmp_path / "safe")
    disk.look()
    assert disk.warning == ""
    (path := tmp_path / "stick" / SITE / "damaged-17.mirror").write_bytes(b"")
    disk.look()
    assert disk.warning == "mirror.damaged"
    path.unlink()
    disk.close()
