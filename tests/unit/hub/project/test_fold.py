"""The fold by itself: state on demand, quarantine by check."""

import pytest

from hub.project.fold import Missing, SiteFold
from hub.project.reading import RawEntry, Read, read_entry
from shared.domain.check.merging import MergeChecks
from tests.support.boxes import new_id
from tests.support.journals import SiteJournal


@pytest.fixture
def site() -> SiteJournal:
    return SiteJournal(new_id(), new_id()).begin()


def reads(site: SiteJournal) -> list[Read]:
    return [read_entry(*site.address, RawEntry(each.sequence, each.epoch, each.entry)) for each in site.entries]


def folded(entries: list[Read]) -> SiteFold:
    """Everything folded, with nothing there before: what is asked for does not exist."""
    fold = SiteFold()
    for read in entries:
        for _ in range(10):
            try:
                fold.fold(read)
                break
            except Missing as missing:
                fold.load([missing.key], {})
    return fold


def test_state_that_was_not_loaded_is_asked_for_and_nothing_has_changed(site: SiteJournal) -> None:
    site.open_check()
    fold = SiteFold()
    with pytest.raises(Missing):
        fold.fold(reads(site)[0])
    assert (dict(fold.changes), fold.held) == ({}, [])


def test_what_is_sure_to_be_asked_for_is_named_beforehand(site: SiteJournal) -> None:
    check_id = site.order()
    wanted = SiteFold.wanted(reads(site))
    tickets = {key for key in site.memory.state if key[0] == "ticket"}
    assert {("check", check_id), ("site", ""), *tickets} <= wanted


def test_a_fold_comes_to_the_state_of_the_site(site: SiteJournal) -> None:
    site.orders(3)
    fold = folded(reads(site))
    assert dict(fold.changes) == site.memory.state
    assert fold.changed() == [(None, aggregate) for aggregate in fold.changes.values()]
    assert fold.held == []


def test_an_exception_of_any_kind_holds_back_one_check(site: SiteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = site.order(), site.order()
    from hub.project import fold as module

    real = module.evolve

    def evolve(view: object, event: object, meta: object) -> object:
        if getattr(event, "check_id", "") == first:
            raise ZeroDivisionError("whatever a later release makes of it")
        return real(view, event, meta)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "evolve", evolve)
    fold = folded(reads(site))
    assert [held.code for held in fold.held][:2] == ["event.unfit", "quarantine.follows"]
    assert {(held.kind, held.id) for held in fold.held} == {("check", first)}
    assert ("check", second) in fold.changes


def test_what_is_merged_with_a_check_in_quarantine_is_held_back_with_it(site: SiteJournal) -> None:
    """Nobody knows what stood on it, so nobody knows what stands on the other now; whatever else there is flows."""
    good, bad, other = site.open_check(), site.open_check(), site.order()
    site.append(b'{"type":"LineAdded","check_id":"%s"}' % bad.encode())
    at = len(site.entries)
    site.run(MergeChecks(into_check_id=good, check_ids=(bad,)))
    site.add(good)
    fold = folded(reads(site))
    assert [(held.sequence, held.id, held.code) for held in fold.held if held.sequence <= at + 1] == [
        (at, bad, "event.malformed"), (at + 1, good, "quarantine.follows"), (at + 1, bad, "quarantine.follows"),
    ]  # fmt: skip
    assert [held.id for held in fold.held if held.sequence > at + 1] == [good]
    assert ("check", other) in fold.changes
    assert fold.changes["check", good] != site.memory.state["check", good]


def test_indexes_that_tickets_are_kept_in_are_asked_for_with_them(site: SiteJournal) -> None:
    check_id = site.order()
    tickets = {key: each for key, each in site.memory.state.items() if key[0] == "ticket"}
    stations = {("station", "kitchen"), ("station", "bar")}
    assert SiteFold.related(tickets) == {("kitchen", check_id), *stations}
    assert SiteFold.related({("site", ""): site.memory.state["site", ""]}) == set()


def test_a_folded_order_asks_for_little_that_was_not_foreseen(site: SiteJournal) -> None:
    """Each of those is a question of its own to the database."""
    site.orders(20)
    entries = reads(site)
    fold, asked = SiteFold(), list[tuple[str, str]]()
    fold.load(SiteFold.wanted(entries), {})
    for read in entries:
        while True:
            try:
                fold.fold(read)
                break
            except Missing as missing:
                asked.append(missing.key)
                fold.load([missing.key], {})
    assert {kind for kind, _ in asked} <= {"day", "series"}
    assert len(asked) < 5


def test_an_explanation_can_be_stored_whatever_is_in_it(site: SiteJournal) -> None:
    site.append(b"{}")
    fold = SiteFold()
    fold.hold(reads(site)[-1], "event.unfit", "a\x00b\ud800" + "x" * 10_000)
    assert "\x00" not in fold.held[0].detail
    assert len(fold.held[0].detail.encode()) <= 500
