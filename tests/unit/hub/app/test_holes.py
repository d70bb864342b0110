"""A hole is filled by the entries that were there, and by no others, whatever the stick holds."""

from datetime import UTC, datetime

import pytest

from hub.app.errors import HubRefused
from hub.app.holes import filling
from hub.app.operating import Hole
from shared.domain.ids import derived_id
from shared.protocol.entry import START, StoredEntry, entry_hash
from tests.support.journals import SiteJournal

SITE = SiteJournal(derived_id("org"), derived_id("site")).begin().orders(2)


def hole(first: int, last: int) -> Hole:
    before = SITE.entries[first - 2].position if first > 1 else START
    return Hole(
        org_id=SITE.address.org_id, site_id=SITE.address.site_id, first=first, before=before, last=SITE.entries[last - 1].position,
        declared_at=datetime(2026, 3, 1, tzinfo=UTC), filled_at=None,
    )  # fmt: skip


def why(first: int, last: int, *runs: list[StoredEntry]) -> str:
    with pytest.raises(HubRefused) as refused:
        filling(hole(first, last), runs)
    assert refused.value.code == "hole.unfilled"
    return refused.value.detail


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 17), (4, 9), (17, 17)])
def test_it_is_filled_by_what_was_there(first: int, last: int) -> None:
    runs = [SITE.entries[:5], SITE.entries[5:6], SITE.entries[6:]]
    assert filling(hole(first, last), runs) == SITE.entries[first - 1 : last]


def test_a_mirror_that_lacks_an_entry_does_not_fill_it() -> None:
    assert why(4, 9) == "The mirror lacks entry 4; the hole ends at 9."
    assert why(4, 9, SITE.entries[:7]) == "The mirror lacks entry 8; the hole ends at 9."
    assert why(4, 9, SITE.entries[4:]) == "The mirror lacks entry 4."
    assert why(4, 9, SITE.entries[:5], SITE.entries[6:]) == "The mirror lacks entry 6."


def test_another_branch_does_not_fill_it() -> None:
    """The mirror of a box that was fenced has entries at the same sequences."""
    entries, before = list(SITE.entries), SITE.entries[4].hash
    for index in range(5, 9):
        data = entries[index].entry.replace(b'"type"', b'"typo"')
        before = entry_hash(before, data)
        entries[index] = StoredEntry(1, index + 1, before, data)
    assert "another than the one" in why(4, 9, entries)
    assert "does not follow" in why(8, 12, entries)
