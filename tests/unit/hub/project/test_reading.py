"""How far an entry can be read, and what is held back with one that cannot be projected."""

from typing import Any, get_args

import msgspec
import pytest

from hub.project.reading import RawEntry, Read, read_entry
from shared.domain.registry import EVENTS
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


# --- what is held back ---------------------------------------------------------------------------


def subjects(site: SiteJournal, event: bytes) -> tuple[tuple[str, str], ...]:
    site.append(event)
    return last_read(site).subjects


MERGED = b'{"type":"ChecksMerged","check_id":"a","from_check_ids":["b","c","b"]%s}'


def test_an_entry_about_several_checks_holds_back_all_of_them(site: SiteJournal) -> None:
    assert subjects(site, MERGED % b"") == (("check", "a"), ("check", "b"), ("check", "c"))
    assert subjects(site, b'{"type":"LinesMoved","check_id":"a","to_check_id":"b","line_ids":[]}') == (("check", "a"), ("check", "b"))


def test_so_does_one_that_cannot_be_read(site: SiteJournal) -> None:
    broken = b'{"type":"ChecksMerged","check_id":"a","from_check_ids":["b",7,"\\u0000",["c"]]}'
    assert subjects(site, broken) == (("check", "a"), ("check", "b"))
    split = b'{"type":"CheckSplit","check_id":"a","children":[{"check_id":"a"},{"check_id":"b"},{"check_id":{}},"c"]}'
    assert subjects(site, split) == (("check", "a"), ("check", "b"), ("check", "c"))


def test_an_entry_of_a_ticket_holds_back_the_ticket_whatever_checks_it_names(site: SiteJournal) -> None:
    event = b'{"type":"TicketRelabelled","ticket_id":"t","of_check_id":"a"}'
    assert subjects(site, event) == (("ticket", "t"),)


def test_an_entry_that_names_nothing_holds_back_itself(site: SiteJournal) -> None:
    site.append_bytes(b"\x00")
    assert last_read(site).subjects == (("entry", str(len(site.entries))),)
    assert subjects(site, b'{"type":"LineAdded","check_id":[1]}') == (("entry", str(len(site.entries))),)
    assert subjects(site, b'{"type":"LineAdded","check_id":"%s"}' % (b"x" * 65)) == (("entry", str(len(site.entries))),)


def check_fields(type_: Any, path: str) -> list[str]:
    """Every place below a type at which a check is named."""
    found: list[str] = []
    for inner in get_args(type_):
        found += check_fields(inner, path)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        for field in msgspec.structs.fields(type_):
            where = f"{path}.{field.name}"
            found += [where] if field.name.endswith(("check_id", "check_ids")) else check_fields(field.type, where)
    return found


def test_no_event_of_a_check_names_a_check_where_it_is_not_looked_for() -> None:
    """A later event that puts the checks it is about elsewhere must teach reading.py to look there."""
    for name, event in EVENTS.items():
        places = check_fields(event, name)
        if f"{name}.check_id" in places:
            looked_for = [place for place in places if place.count(".") == 1 or place == f"{name}.children.check_id"]
            assert places == looked_for, name
