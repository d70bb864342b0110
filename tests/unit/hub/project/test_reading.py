"""How far an entry can be read, and what is held back with one that cannot be projected."""

import pytest

from hub.project.reading import RawEntry, Read, read_entry
from tests.support.boxes import new_id
from tests.support.journals import SiteJournal


@pytest.fixture
def site() -> SiteJournal:
    return SiteJournal(new_id(), new_id()).begin()


def last_read(site: SiteJournal) -> Read:
    entry = site.entries[-1]
    return read_entry(*site.address, RawEntry(entry.sequence, entry.epoch, entry.entry))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (b'{"type":"LineAdded","check_id":"c"}', "event.malformed"),
        (b'{"type":"CheckOpened","check_id":"c","number":1,"business_date":"d","currency":"USD","table_id":"\\u0000"}', "event.nul"),
        (b'{"type":"CheckOpened","check_id":"c","number":1,"business_date":"d","currency":"USD","table_id":"\\\\u0000"}', ""),
        (b'{"type":"Unheard","check_id":"c"}', ""),
    ],
)
def test_how_far_an_entry_can_be_read(site: SiteJournal, event: bytes, code: str) -> None:
    site.append(event)
    assert last_read(site).code == code
    if code:
        assert last_read(site).subjects == (("check", "c"),)
