"""The fold by itself: state on demand, quarantine by check."""

import pytest

from hub.project.fold import Missing, SiteFold
from hub.project.reading import RawEntry, Read, read_entry
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


def test_an_explanation_can_be_stored_whatever_is_in_it(site: SiteJournal) -> None:
    site.append(b"{}")
    fold = SiteFold()
    fold.hold(reads(site)[-1], "event.unfit", "a\x00b\ud800" + "x" * 10_000)
    assert "\x00" not in fold.held[0].detail
    assert len(fold.held[0].detail.encode()) <= 500
