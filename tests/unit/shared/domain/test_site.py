"""The site: epochs, the business date that never goes back, menus in force, and a clock that is behind."""

from datetime import UTC, datetime, timedelta

from shared.domain.menu import menu_version
from shared.domain.site import AcceptClock, ApplyMenu, ClockAccepted, StartEpoch, TurnBusinessDay, next_number, numbered, site_of, today
from tests.unit.shared.domain.world import BERLIN, MENU, NOON, World, begun


def test_a_site_without_a_journal_is_at_no_epoch() -> None:
    assert site_of(World()).epoch == 0


def test_an_epoch_says_how_the_site_sells() -> None:
    site = site_of(begun())
    assert (site.epoch, site.currency, site.time_zone, site.cut_over_minutes) == (1, "EUR", "Europe/Berlin", 240)


def test_a_replacement_box_goes_on_with_the_date_and_menu_in_force() -> None:
    world = begun()
    world.do(TurnBusinessDay(business_date="2026-03-02"), role="box")
    world.do(ApplyMenu(version=menu_version(MENU)), role="manager")
    world.epoch = 2
    world.do(StartEpoch(currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=300), role="box")
    site = site_of(world)
    assert (site.epoch, site.business_date, site.menu_version, site.cut_over_minutes) == (2, "2026-03-02", menu_version(MENU), 300)


def test_the_business_date_never_goes_back_whatever_the_clock_says() -> None:
    world = begun()
    world.do(TurnBusinessDay(business_date="2026-03-02"), role="box")
    for back in (timedelta(days=1), timedelta(days=365)):
        assert today(site_of(world), NOON - back, BERLIN) == "2026-03-02"
    assert today(site_of(world), NOON + timedelta(days=1), BERLIN) == "2026-03-03"
    check = world.open()[0]
    assert check.business_date == "2026-03-02"


def test_a_check_opened_before_the_cut_over_stays_on_its_date() -> None:
    from shared.domain.check import PayCash
    from tests.unit.shared.domain.world import name_id

    world = begun()
    world.now = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # 03:00 in Berlin: still the 2nd
    world.open()
    world.add("soup")
    world.wait(hours=2)  # past the cut-over: the 3rd
    world.do(PayCash(check_id=name_id("a"), tendered_minor=650))
    assert [meta.date for _, meta in world.journal[1:]] == ["2026-03-02"] * 3
    world.open("b")
    assert world.check("b").business_date == "2026-03-03"


def test_a_manager_accepts_a_clock_that_is_behind() -> None:
    world = begun()
    world.wait(minutes=-10)
    [accepted] = world.do(AcceptClock(reason="battery"), role="manager")
    assert accepted == ClockAccepted(behind_s=600, reason="battery")
    world.open()


def test_a_clock_a_minute_behind_is_nobodys_concern() -> None:
    world = begun()
    world.wait(seconds=-120)
    world.open()


def test_a_series_counts_what_the_decision_itself_has_taken() -> None:
    world = World()
    assert [next_number(world, 1, "check", ahead) for ahead in (0, 1)] == [1, 2]
    world.states.update(numbered(1, "check", 41))
    assert next_number(world, 1, "check") == 42
    assert next_number(world, 2, "check") == 1
