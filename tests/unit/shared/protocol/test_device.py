"""A tablet and its box, told as incidents: silence, stale commands, days away, tabs. Boxes that are swapped: test_device_swaps.py."""

import pytest

from shared import limits
from shared.protocol.device import DeviceSession
from shared.protocol.device_words import (
    AFTER_CLOSE,
    TRY_AGAIN,
    Ask,
    Forget,
    Keep,
    Kept,
    Memory,
    Open,
    Phase,
    Remember,
    Send,
    is_final,
)
from shared.protocol.session import ShowClaim
from tests.unit.shared.protocol.devices import SOUP, TEA, accepted, box, kept, live, news, place, sent, told

FIVE_DAYS_MS = 5 * 24 * 3600 * 1000
STALE_MS = int(limits.UI_KITCHEN_STALE_S * 1000) + 1


def test_commands_go_one_after_the_other_and_are_kept_before_they_are_sent() -> None:
    session = live()
    assert session.submit(TEA, 1) == [Keep(TEA), Send(TEA)]
    assert session.submit(SOUP, 2) == [Keep(SOUP)]
    done = session.accepted("tea", accepted(TEA, 11), 3)
    assert isinstance(done[0], Forget)
    assert [held.id for held in done[0].held] == ["tea"]
    assert sent(done) == ["soup"]


def test_nothing_is_sent_to_a_box_that_has_not_spoken() -> None:
    session = DeviceSession(kept=[TEA])
    assert session.start(0) == [Open("")]
    assert session.phase is Phase.ASKING
    assert session.submit(SOUP, 1) == [Keep(SOUP)]
    assert sent(session.frame(news(1, box(), snapshot=True), 2)) == ["tea"]


def test_silence_is_asked_again_with_the_same_bytes_and_later_each_time() -> None:
    session = live()
    session.submit(TEA, 0)
    gaps: list[int] = []
    now = 0
    for _ in range(8):
        session.silent("tea", now)
        since = now
        while not (again := session.tick(now)):
            now += 50
        assert again == [Send(TEA)]
        gaps.append(now - since)
    assert gaps == [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]


def test_an_answer_that_never_comes_is_asked_for_when_patience_ends() -> None:
    session = live()
    session.submit(TEA, 0)
    patience = int(limits.UI_COMMAND_TIMEOUT_S * 1000)
    assert session.tick(patience - 1) == []
    session.tick(patience)
    assert sent(session.tick(patience + 250)) == ["tea"]


@pytest.mark.parametrize("code", sorted(TRY_AGAIN))
def test_what_says_nothing_on_the_command_keeps_it(code: str) -> None:
    session = live()
    session.submit(TEA, 0)
    assert session.refused("tea", code, 409, 0) == []
    assert sent(session.tick(1_000)) == ["tea"]


def test_a_refusal_is_final_and_the_next_goes_on() -> None:
    session = live()
    session.submit(TEA, 0)
    session.submit(SOUP, 0)
    assert session.refused("tea", "check.closed", 409, 1) == [Forget("tea"), Send(SOUP)]
    assert is_final("card.offline", 503)
    assert not is_final("edge.defect", 500)
    assert not is_final("device.unknown", 401)


def test_the_feed_is_resumed_from_its_cursor() -> None:
    session = live()
    session.frame(news(15), 10)
    session.disconnected(0, 20)
    assert session.phase is Phase.OFFLINE
    assert session.tick(21) == []
    assert session.tick(270) == [Open(place(15))]


@pytest.mark.parametrize("code", [4400, 4409])
def test_a_cursor_that_means_nothing_to_the_box_is_given_up_for_a_snapshot(code: int) -> None:
    session = live()
    session.disconnected(code, 0)
    assert session.tick(250) == [Open("")]


@pytest.mark.parametrize("code", [4401, 4429])
def test_a_box_that_will_not_have_the_device_is_asked_seldom(code: int) -> None:
    assert AFTER_CLOSE[code].pause == "longest"
    session = live()
    session.disconnected(code, 0)
    assert session.tick(4_999) == []
    assert session.tick(5_000) == [Open(place(10))]
    assert session.is_turned_away is (code == 4401)


def test_a_feed_that_never_speaks_is_given_up() -> None:
    session = DeviceSession()
    session.start(0)
    session.tick(10_000)
    assert session.phase is Phase.OFFLINE
    assert session.tick(10_250) == [Open("")]


def test_a_word_from_the_cloud_does_not_move_the_cursor_back() -> None:
    session = live()
    session.frame(news(9, cloud=9), 1)
    assert (session.cursor, session.cloud) == (place(10), 9)


# --- the kitchen, and days away --------------------------------------------------------------------


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_stale_kitchen_command_asks_a_person_and_nothing_overtakes_it(is_wanted: bool) -> None:
    fire = kept("fire", "OpenCheck", "SendCheck")
    session = DeviceSession(kept=[fire, TEA])
    session.start(STALE_MS)
    assert told(session.frame(news(10, box(), snapshot=True), STALE_MS), Ask) == [Ask(fire)]
    assert session.phase is Phase.WAITING_PERSON
    assert session.tick(STALE_MS + 60_000) == []
    assert session.decide("other", True, STALE_MS) == []
    expected = [Send(fire)] if is_wanted else [Forget("fire"), Send(TEA)]
    assert session.decide("fire", is_wanted, STALE_MS) == expected


def test_a_stale_command_whose_effect_the_site_shows_asks_nobody() -> None:
    fire = kept("fire", "SendCheck")
    session = DeviceSession(kept=[fire], is_moot=lambda _: True)
    session.start(STALE_MS)
    assert sent(session.frame(news(10, box(), snapshot=True), STALE_MS)) == ["fire"]


def test_what_was_accepted_just_now_must_be_seen_before_a_stale_command_is_judged() -> None:
    add, fire = kept("add"), kept("fire", "SendCheck")
    session = DeviceSession(kept=[add, fire])
    session.start(STALE_MS)
    assert sent(session.frame(news(10, box(), snapshot=True), STALE_MS)) == ["add"]
    assert told(session.accepted("add", accepted(add, 11), STALE_MS), Send) == []
    assert told(session.frame(news(11), STALE_MS), Ask) == [Ask(fire)]


def test_a_tablet_that_was_away_for_days_sends_in_order_what_it_kept() -> None:
    session = DeviceSession(kept=[TEA, SOUP], memory=Memory("s", 1, "claim-1", 1))
    session.start(FIVE_DAYS_MS)
    assert sent(session.frame(news(9_000, box(), snapshot=True), FIVE_DAYS_MS)) == ["tea"]
    assert sent(session.accepted("tea", accepted(TEA, 9_001), FIVE_DAYS_MS)) == ["soup"]


def test_a_full_queue_takes_no_more() -> None:
    session = DeviceSession(kept=[kept(f"n{index}") for index in range(limits.UI_QUEUE_MAX)])
    assert session.is_full
    assert session.submit(TEA, 0) == []


# --- tabs --------------------------------------------------------------------------------------------


def test_of_two_tabs_one_sends_and_both_see_the_queue() -> None:
    first, second = live(), live(is_leading=False)
    [keep] = second.submit(TEA, 1)
    assert keep == Keep(TEA)
    assert sent(first.overheard(keep, 2)) == ["tea"]
    [forget] = first.accepted("tea", accepted(TEA, 11), 3)
    second.overheard(forget, 4)
    assert (second.kept, list(second.unseen)) == ([], ["tea"])
    second.frame(news(11), 5)
    assert not second.unseen


def test_the_leading_tab_closes_and_the_other_sends_what_it_left_under_the_same_id() -> None:
    second = live(is_leading=False)
    second.overheard(Keep(TEA), 1)
    assert second.tick(60_000) == []
    second.reload([TEA, SOUP], [], Memory("s", 1, "claim-1", 1))
    assert sent(second.lead(True, 60_001)) == ["tea"]
    assert sent(second.lead(False, 60_002)) == []


def test_a_tab_that_leads_again_hands_in_nothing_that_this_box_has_answered_for() -> None:
    """A hidden tab is woken once a minute, and loses its lease in between."""
    session = live()
    session.submit(TEA, 0)
    session.accepted("tea", accepted(TEA, 11), 1)
    session.frame(news(11, cloud=0), 2)
    session.lead(False, 3)
    assert session.lead(True, 60_000) == []
    assert session.phase is Phase.LIVE


def test_a_box_that_spoke_before_the_memory_was_read_is_judged_by_it_all_the_same() -> None:
    session = DeviceSession(is_leading=False)
    session.start(0)
    session.frame(news(10, box(1), snapshot=True), 1)
    session.reload([TEA], [], Memory("s", 2, "claim-2", 2))
    assert session.lead(True, 2) == [ShowClaim(claim="claim-2")]
    session = DeviceSession(is_leading=False)
    session.start(0)
    session.frame(news(10, box(1), snapshot=True), 1)
    session.reload([TEA], [], Memory())
    assert session.lead(True, 2) == [Remember(Memory("s", 1, "claim-1", 1)), Send(TEA)]


def test_every_request_is_answered_once() -> None:
    session = live()
    session.submit(TEA, 0)
    assert session.accepted("tea", accepted(TEA, 11), 1) != []
    assert session.accepted("tea", accepted(TEA, 11), 2) == []
    assert session.refused("tea", "check.closed", 409, 3) == []
    assert session.kept == []


def test_a_batch_is_one_request_with_as_many_answers() -> None:
    session = live()
    order: Kept = kept("order", "OpenCheck", "AddLine", "SendCheck")
    session.submit(order, 0)
    [forget] = session.accepted("order", accepted(order, 11), 1)
    assert isinstance(forget, Forget)
    assert [held.needed for held in forget.held] == [11, 12, 13]
