"""A tablet whose box was replaced, came back, lied or lost its tail, told as incidents."""

from typing import Any

import msgspec
import pytest

from shared import limits
from shared.protocol.device import DeviceSession
from shared.protocol.device_held import held_of
from shared.protocol.device_words import (
    Forget,
    Hold,
    Keep,
    Kept,
    Memory,
    Open,
    Phase,
    Release,
    Remember,
    Tell,
)
from shared.protocol.session import HandIn, ShowClaim
from tests.unit.shared.protocol.devices import SOUP, TEA, accepted, box, handed, kept, live, news, place, results, sent, told

FIVE_DAYS_MS = 5 * 24 * 3600 * 1000
STALE_MS = int(limits.UI_KITCHEN_STALE_S * 1000) + 1


def holding(each: Kept, at: int) -> DeviceSession:
    """A device whose box has accepted a request at a sequence; the feed stands at 10."""
    session = live()
    session.submit(each, 0)
    session.accepted(each.id, accepted(each, at), 1)
    return session


def test_a_fenced_box_gets_no_commands_and_what_is_kept_goes_to_the_present_one_once() -> None:
    session = live()
    session.frame(news(10, box(fenced=2)), 1)
    assert session.phase is Phase.WRONG_BOX
    assert session.wrong == "fenced"
    assert session.submit(TEA, 2) == [Keep(TEA)]
    session.disconnected(4409, 3)
    session.tick(300)
    assert sent(session.frame(news(4, box(2), snapshot=True), 301)) == ["tea"]
    assert session.memory.epoch == 2


def test_the_old_box_returns_and_is_shown_the_claim_of_the_present_one() -> None:
    session = live()
    session.disconnected(0, 1)
    session.tick(300)
    session.frame(news(20, box(2), snapshot=True), 301)
    session.disconnected(0, 400)
    session.tick(700)
    back = session.frame(news(11, box(1), snapshot=True), 701)
    assert told(back, ShowClaim) == [ShowClaim(claim="claim-2")]
    assert session.wrong == "lower"
    assert session.submit(TEA, 702) == [Keep(TEA)]
    assert session.tick(10_000) == []
    session.claim_silent(10_000)
    assert session.tick(10_250) == [ShowClaim(claim="claim-2")]
    session.frame(news(11, box(1, fenced=2)), 10_300)
    assert session.wrong == "fenced"


def fooled() -> DeviceSession:
    """A machine on the network has called itself the box of epoch 99, and has accepted tea; then the true one is heard again."""
    session = live()
    session.disconnected(0, 1)
    session.tick(300)
    session.frame(news(10, box(99), snapshot=True), 301)
    session.submit(TEA, 302)
    session.accepted("tea", accepted(TEA, 11, 99), 303)
    session.disconnected(0, 304)
    session.tick(600)
    assert told(session.frame(news(10, box(1), snapshot=True), 601), ShowClaim) == [ShowClaim(claim="claim-99")]
    session.submit(SOUP, 602)
    assert (session.wrong, session.can_trust) == ("lower", False)
    return session


@pytest.mark.parametrize(
    ("answer", "said"),
    [("claim_refused", ("fence.bad_claim", 422)), ("claim_taken", (0,))],
    ids=["a made-up claim", "an old one, shown again"],
)
def test_a_machine_that_lied_about_its_epoch_does_not_keep_a_tablet_from_its_box_for_ever(answer: str, said: tuple[Any, ...]) -> None:
    session = fooled()
    assert session.trust(700) == [], "nobody knows yet"
    getattr(session, answer)(*said, 701)
    assert session.can_trust
    assert session.tick(60_000) == [], "by itself it sends nothing"
    assert session.trust(60_001) == [Remember(Memory("s", 1, "claim-1", 0)), Open("")]
    (handed,) = told(session.frame(news(10, box(1), snapshot=True), 60_002), HandIn)
    assert [each.submit.id for each in handed.commands] == ["tea"], "whoever accepted it: the guests have ordered it"
    session.handed_in(results("played", "tea"), 60_003)
    assert sent(session.frame(news(12, box(1), snapshot=True), 60_004)) == ["soup"]
    assert session.memory == Memory("s", 1, "claim-1", 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [("claim_taken", (99,)), ("claim_refused", ("route.unknown", 404)), ("claim_refused", ("storage.full", 507)), ("claim_silent", ())],
)
def test_a_box_that_was_replaced_or_cannot_say_is_not_offered_for_trust(answer: str, said: tuple[Any, ...]) -> None:
    session = fooled()
    getattr(session, answer)(*said, 701)
    assert not session.can_trust
    assert session.trust(702) == []


def test_a_lie_without_any_claim_is_no_better() -> None:
    session = live()
    session.disconnected(0, 1)
    session.tick(300)
    session.frame(news(10, msgspec.structs.replace(box(99), claim=""), snapshot=True), 301)
    session.disconnected(0, 304)
    session.tick(600)
    session.frame(news(10, box(1), snapshot=True), 601)
    assert session.can_trust
    session.trust(602)
    session.frame(news(10, box(1), snapshot=True), 603)
    assert session.phase is Phase.LIVE


def test_a_replacement_is_handed_in_what_the_old_box_accepted_before_it_gets_anything_new() -> None:
    session = holding(TEA, 11)
    session.disconnected(4409, 2)
    session.submit(SOUP, 3)
    session.tick(300)
    first = session.frame(news(9, box(2), snapshot=True), 301)
    assert handed(first) == [["tea"]]
    assert told(first, HandIn)[0].is_last
    assert sent(first) == []
    assert session.phase is Phase.HANDING_IN
    done = session.handed_in(results("played", "tea"), 302)
    assert told(done, Remember) == [Remember(Memory("s", 2, "claim-2", 2))]
    assert told(done, Open) == [Open(place(9, 2))]
    after = session.frame(news(12, box(2), cloud=0), 303)
    assert [held.needed for held in told(after, Hold)[0].held] == [12]
    assert sent(after) == ["soup"]


def test_a_replacement_that_holds_the_cursor_is_handed_in_what_came_after_it() -> None:
    """The tail that only this tablet was told of: the feed had not brought it yet, so the cursor proves nothing."""
    session = holding(TEA, 11)
    session.disconnected(0, 2)
    session.tick(300)
    assert handed(session.frame(news(11, box(2)), 301)) == [["tea"]]


def test_a_box_whose_disk_lied_is_handed_in_what_the_feed_had_not_proved() -> None:
    session = holding(TEA, 11)
    session.submit(SOUP, 2)
    session.frame(news(11), 3)
    session.accepted("soup", accepted(SOUP, 12), 4)
    session.disconnected(0, 5)
    session.tick(300)
    assert handed(session.frame(news(11, box()), 301)) == [["soup"]]


def test_a_disk_lied_the_box_sold_on_and_the_cloud_has_other_entries_where_ours_were() -> None:
    """Found by the simulator, seed 37: the tablet took the cloud's sequence for a proof, and the soup was never cooked."""
    session = holding(SOUP, 12)
    session.disconnected(0, 2)
    session.tick(300)
    assert handed(session.frame(news(14, box(), cloud=14), 301)) == [["soup"]]


def test_a_box_comes_back_without_its_tail_and_the_cloud_is_not_believed_for_what_it_accepts_in_that_place() -> None:
    """The feed of before the power cut still seems to stand. A person has no patience either: what is held may go as soon as it may."""
    session = live()
    session.frame(news(11, cloud=11), 1)
    session.submit(TEA, 2)
    later = int(limits.UI_HELD_IN_CLOUD_S * 1000) + 100
    session.accepted("tea", accepted(TEA, 11), 3)
    assert told(session.tick(later), Release) == []
    assert told(session.frame(news(11, cloud=11), later + 1), Release) == [Release(ids=("tea",))], "said of what it has accepted"


def test_a_box_that_has_let_go_of_the_cursor_proves_nothing_by_its_snapshot() -> None:
    """Its disk had lied, it sold on and trimmed all that; so it cannot say whether it ever had what the tablet last saw."""
    session = holding(TEA, 11)
    session.frame(news(11, cloud=10), 3)
    session.disconnected(0, 4)
    session.tick(400)
    assert handed(session.frame(news(40, box(), snapshot=True, cloud=40), 401)) == [["tea"]]
    session.handed_in(results("known", "tea"), 402)
    assert handed(session.frame(news(40, box(), snapshot=True, cloud=40), 403)) == []


def test_a_feed_breaks_while_the_box_is_still_owed_something_and_its_cursor_has_gone_on() -> None:
    """Found by the simulator, seed 64051: the disk was full when the tablet handed in, the power went, and the cursor, which stood above
    the soup by then, was taken for a proof."""
    session = holding(SOUP, 12)
    session.disconnected(0, 2)
    session.tick(300)
    assert handed(session.frame(news(14, box()), 301)) == [["soup"]]
    session.hand_in_refused("storage.full", 507, 302)
    session.disconnected(0, 303)
    session.hurry(304)
    assert handed(session.frame(news(15, box()), 305)) == [["soup"]]


def test_a_box_loses_what_was_handed_in_before_the_snapshot_says_where_it_stands() -> None:
    """Found by the simulator, seeds 198 and 64006: the disk lied about the soup, and a snapshot without it was taken for a proof."""
    session = holding(SOUP, 12)
    session.disconnected(4409, 2)
    session.hurry(3)
    assert handed(session.frame(news(11, box(), snapshot=True), 4)) == [["soup"]]
    assert told(session.handed_in(results("known", "soup"), 5), Open) == [Open(place(11))]
    session.disconnected(0, 6)
    session.hurry(7)
    assert handed(session.frame(news(11, box(), snapshot=True), 8)) == [["soup"]]


def test_a_box_was_away_unnoticed_while_something_else_was_handed_in() -> None:
    """Found by the simulator, seed 5982: the soup was accepted, the disk had lied, the box sold on without it, and no frame told this
    tablet. Then it handed in its tea, asked for a snapshot to see where that stands, and took its position for a proof of the soup."""
    session = holding(TEA, 9)
    session.disconnected(4409, 2)
    session.hurry(3)
    session.frame(news(11, box(), snapshot=True), 4)  # the tea is handed in
    session.submit(SOUP, 5)
    session.overheard(Forget("soup", held_of(SOUP.commands, accepted(SOUP, 12), 6)), 6)  # accepted before the power went
    assert told(session.handed_in(results("known", "tea"), 7), Open) == [Open(place(11))]
    assert handed(session.frame(news(20, box(), cloud=20), 8)) == [["soup"]]
    assert told(session.handed_in(results("played", "soup"), 9), Open) == [Open(place(20))]
    assert handed(session.frame(news(21, box(), cloud=21), 10)) == []


def test_that_a_cook_has_seen_a_change_is_handed_in_for_the_bump_that_followed_rests_on_it() -> None:
    """A replacement refused the bump with `ticket.changes_unseen`, and the dish stood on the screen as if nobody had made it."""
    session = live()
    for at, seen in enumerate((kept("seen", "MarkChangesSeen"), kept("bump", "BumpTicket")), 12):
        session.submit(seen, 0)
        session.accepted(seen.id, accepted(seen, at), 1)
    session.disconnected(0, 2)
    session.hurry(3)
    assert handed(session.frame(news(11, box(2), snapshot=True), 4)) == [["seen", "bump"]]


def test_a_recovering_box_is_handed_in_even_nothing_and_once_more_when_it_sells() -> None:
    session = DeviceSession(memory=Memory("s", 1, "claim-1", 1))
    session.start(0)
    assert handed(session.frame(news(5, box(2, recovering=True), snapshot=True), 1)) == [[]]
    session = holding(TEA, 11)
    session.disconnected(0, 2)
    session.tick(300)
    assert handed(session.frame(news(9, box(2, recovering=True), snapshot=True), 301)) == [["tea"]]
    assert handed(session.handed_in(results("waits", "tea"), 302)) == []
    assert sent(session.submit(SOUP, 303)) == []
    assert session.phase is Phase.HANDING_IN
    assert handed(session.frame(news(12, box(2)), 304)) == [["tea"]]
    assert told(session.handed_in(results("known", "tea"), 305), Open) == [Open(place(12, 2))]
    assert sent(session.frame(news(12, box(2)), 306)) == ["soup"]


def test_what_was_acknowledged_is_handed_in_by_pages_in_the_order_of_its_acknowledgement() -> None:
    session = live()
    many = [kept(f"n{index}") for index in range(limits.UI_HAND_IN_MAX + 1)]
    for index, each in enumerate(many):
        session.submit(each, 0)
        session.accepted(each.id, accepted(each, 11 + index), 0)
    session.disconnected(4409, 1)
    session.tick(300)
    first = session.frame(news(5, box(2), snapshot=True), 301)
    assert handed(first) == [[each.id for each in many[:-1]]]
    assert not told(first, HandIn)[0].is_last
    assert handed(session.handed_in(results("played", *handed(first)[0]), 302)) == [[many[-1].id]]


def test_an_older_box_knows_no_hand_in_and_is_sold_on_all_the_same() -> None:
    session = holding(TEA, 11)
    session.disconnected(0, 2)
    session.tick(300)
    session.frame(news(10), 301)
    assert session.hand_in_refused("route.unknown", 404, 302) == []
    assert session.phase is Phase.LIVE
    assert sent(session.submit(SOUP, 303)) == ["soup"]


def test_a_hand_in_without_an_answer_is_handed_in_again() -> None:
    session = holding(TEA, 11)
    session.disconnected(4409, 2)
    session.tick(300)
    session.frame(news(5, box(2), snapshot=True), 301)
    session.hand_in_silent(302)
    assert session.tick(303) == []
    assert handed(session.tick(552)) == [["tea"]]


def test_what_a_replacement_refuses_is_told_and_held_no_more() -> None:
    session = holding(TEA, 11)
    session.disconnected(4409, 2)
    session.tick(300)
    session.frame(news(5, box(2), snapshot=True), 301)
    done = session.handed_in(results("refused", "tea", code="check.closed"), 302)
    assert told(done, Tell) == [Tell("check.closed", "tea")]
    assert told(done, Release) == [Release(("tea",))]
    assert session.phase is Phase.LIVE


def test_an_answer_of_the_old_box_arrives_after_the_swap_and_is_handed_in() -> None:
    session = live()
    session.submit(TEA, 0)
    session.disconnected(0, 1)
    session.tick(300)
    session.frame(news(30, box(2), snapshot=True), 301)
    late = session.accepted("tea", accepted(TEA, 11), 302)
    assert handed(late) == [["tea"]]


def test_an_old_box_without_a_claim_is_told_apart_by_its_positions() -> None:
    session = DeviceSession()
    session.start(0)
    session.frame(news(10, snapshot=True), 1)
    assert (session.memory.epoch, session.memory.claim, session.phase) == (1, "", Phase.LIVE)


def test_a_tablet_that_moves_to_another_site_sends_nothing_of_the_first() -> None:
    session = live()
    session.disconnected(0, 1)
    session.submit(TEA, 2)
    session.tick(300)
    session.frame(news(3, box(1, site="elsewhere"), snapshot=True), 301)
    assert session.wrong == "other_site"
    assert session.tick(9_000) == []
    assert session.start_anew(9_001) == [Forget("tea"), Release(()), Remember(Memory()), Open("")]
    session.frame(news(3, box(1, site="elsewhere"), snapshot=True), 9_002)
    assert (session.phase, session.memory.site_id) == (Phase.LIVE, "elsewhere")


def test_what_a_screen_shows_is_not_held_for_it_tells_every_box_by_itself() -> None:
    session = live()
    shown = kept("shown", "MarkShown")
    session.submit(shown, 0)
    assert session.accepted("shown", accepted(shown, 11), 1) == [Forget("shown")]
