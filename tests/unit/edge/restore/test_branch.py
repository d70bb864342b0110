"""The file of a branch."""

from edge.mirror.file import Walk
from edge.restore.branch import BranchFile
from tests.unit.edge.restore.kit import ORG, SITE, site_journal


def _keep(directory, entries):
    with BranchFile(directory, ORG, SITE) as file:
        file.write(entries[:4])
        file.write(entries[4:])
        return file.keep()


def test_a_branch_is_named_by_its_end_and_kept_once_however_often_the_restore_is_run(tmp_path):
    journal = site_journal(1).entries
    path = _keep(tmp_path, journal[3:])
    assert path.name == f"branch-1.{len(journal)}.mirror"
    assert _keep(tmp_path, journal[3:]) == path
    assert [entry for run in Walk(path).runs() for entry in run] == journal[3:]
    assert list(tmp_path.iterdir()) == [path], "nothing half-written is left"


def test_two_branches_that_end_at_one_sequence_are_both_kept(tmp_path):
    first, second = site_journal(1).entries, site_journal(1).entries[:3]
    other = site_journal(1)
    other.append(b'{"type": "Other"}')
    kept = {_keep(tmp_path, first[2:]), _keep(tmp_path, [*second[2:], *first[3:]][: len(first) - 2])}
    assert len(kept) == 1, "the same end is the same branch, whatever stands before"
    third = site_journal(2).entries[: len(first)]
    assert third[-1].position == first[-1].position
    from shared.protocol.entry import StoredEntry

    last = StoredEntry(1, first[-1].sequence, b"\x07" * 32, b"{}")
    assert _keep(tmp_path, [*first[2:-1], last]).name == f"branch-1.{len(first)}-07070707.mirror"
