"""The executor: idempotency, atomic batches, groups, and the journal it writes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.app.site import BOX, Committed, Request, Site
from shared.domain.check import AddLine, OpenCheck, SendCheck, VoidLine
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kitchen.ticket import BumpTicket
from shared.domain.menu import menu_version
from shared.domain.site import AcceptClock, ApplyMenu, StartEpoch, TurnBusinessDay
from shared.limits import COMMAND_BYTES_MAX
from shared.protocol.session import Accepted
from tests.unit.edge.site_kit import POS, FailingStore, SiteKit, device, identity, refusal, request, service, submit
from tests.unit.shared.domain.world import MENU, NOON, SITE, name_id

OPEN = OpenCheck(check_id=name_id("a"), table_id="1")
SOUP = AddLine(check_id=name_id("a"), line_id=name_id("a/1"), item_id="soup")


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[SiteKit]:
    made = SiteKit(tmp_path)
    made.load_menu()
    yield made
    made.close()


def encoded(answer: Accepted) -> bytes:
    return msgspec.json.encode(answer)


# --- once in effect ------------------------------------------------------------------------------


def test_a_repeated_command_gets_the_first_answer_byte_for_byte_and_writes_nothing(kit: SiteKit) -> None:
    first = kit.one(OPEN)
    head = kit.site.head
    kit.one(SOUP)
    kit.wait(hours=3)
    assert encoded(kit.one(OPEN)) == encoded(first)
    assert kit.site.head.sequence == head.sequence + 1


def test_a_command_repeated_in_its_own_group_gets_the_first_answer(kit: SiteKit) -> None:
    (first, second, third), committed = kit.group(request(OPEN), request(OPEN, by=device("pos", "other")), request(SOUP))
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    assert isinstance(third, tuple)
    assert encoded(first[0]) == encoded(second[0])
    assert committed is not None
    assert len([entry for _, _, entry in kit.entries() if entry["event"]["type"] == "CheckOpened"]) == 1


def test_a_command_with_many_entries_gets_the_same_answer_after_a_restart(kit: SiteKit) -> None:
    kit.one(OPEN)
    kit.one(SOUP)
    kit.one(AddLine(check_id=name_id("a"), line_id=name_id("a/2"), item_id="wine"))
    first = kit.one(SendCheck(check_id=name_id("a")))
    assert len(first.events) == 3, "the sending and a ticket for each of two stations"
    again = kit.restart()
    try:
        assert encoded(again.one(SendCheck(check_id=name_id("a")))) == encoded(first)
    finally:
        again.close()


def test_the_same_id_with_another_body_is_a_conflict(kit: SiteKit) -> None:
    id = name_id("command")
    kit.one(submit(OPEN, id))
    head = kit.site.head
    assert kit.refused(submit(OpenCheck(check_id=name_id("b")), id)) == "command.id_reused"
    assert kit.site.head == head


def test_the_same_id_with_another_body_in_one_group_is_a_conflict(kit: SiteKit) -> None:
    id = name_id("command")
    (first, second), _ = kit.group(request(submit(OPEN, id)), request(submit(OpenCheck(check_id=name_id("b")), id)))
    assert isinstance(first, tuple)
    assert refusal(second) == "command.id_reused"


def test_spelling_the_same_command_otherwise_is_no_conflict(kit: SiteKit) -> None:
    """Key order, spaces and a default that is spelled out change nothing in what is asked for."""
    id = name_id("command")
    first = kit.one(submit(OPEN, id))
    spelled = b'{ "covers": 0, "table_id": "1", "check_id": "%s", "type": "OpenCheck" }' % name_id("a").encode()
    assert encoded(kit.one(submit(spelled, id))) == encoded(first)


def test_a_refusal_is_not_remembered_so_the_same_id_may_succeed_later(kit: SiteKit) -> None:
    id = name_id("impatient")
    assert kit.refused(submit(SOUP, id)) == "check.unknown"
    kit.one(OPEN)
    assert kit.one(submit(SOUP, id)).command_id == id


# --- all or nothing ------------------------------------------------------------------------------


def test_a_batch_with_one_bad_command_leaves_nothing_and_names_it(kit: SiteKit) -> None:
    head, rows = kit.site.head, kit.entries()
    outcome = kit.batch(OPEN, SOUP, AddLine(check_id=name_id("a"), line_id=name_id("a/2"), item_id="unicorn"))
    assert refusal(outcome) == "item.unknown"
    assert outcome.index == 2  # type: ignore[union-attr] - refusal() has proved which it is
    assert kit.site.head == head
    assert kit.entries() == rows
    assert kit.refused(SOUP) == "check.unknown", "what the batch had opened must be gone"
    assert kit.one(OPEN).events, "and no id of it is remembered"


def test_a_batch_sees_its_own_commands_and_is_answered_one_by_one(kit: SiteKit) -> None:
    outcome = kit.batch(*service("a", ("soup", "wine")))
    assert isinstance(outcome, tuple)
    assert [answer.command_id for answer in outcome] == [submit(each).id for each in service("a", ("soup", "wine"))]
    again = kit.batch(*service("a", ("soup", "wine")))
    assert isinstance(again, tuple)
    assert [encoded(each) for each in again] == [encoded(each) for each in outcome]


def test_a_batch_that_was_half_known_before_is_completed(kit: SiteKit) -> None:
    first = kit.one(OPEN)
    outcome = kit.batch(OPEN, SOUP)
    assert isinstance(outcome, tuple)
    assert encoded(outcome[0]) == encoded(first)


def test_one_id_twice_in_a_batch_is_refused(kit: SiteKit) -> None:
    outcome = kit.batch(OPEN, OPEN)
    assert refusal(outcome) == "command.repeated_in_batch"


def test_a_refused_request_in_a_group_touches_neither_neighbour(kit: SiteKit) -> None:
    other = OpenCheck(check_id=name_id("b"))
    (first, second, third), committed = kit.group(request(OPEN), request(other, SOUP, SOUP), request(SOUP))
    assert isinstance(first, tuple)
    assert refusal(second) == "command.repeated_in_batch"
    assert isinstance(third, tuple)
    assert committed is not None
    assert [entry["event"]["type"] for _, _, entry in kit.entries()][-2:] == ["CheckOpened", "LineAdded"]


def test_a_group_in_which_all_is_refused_writes_nothing(kit: SiteKit) -> None:
    head = kit.site.head
    outcomes, committed = kit.group(request(SOUP), request(VoidLine(check_id=name_id("a"), line_id=name_id("a/1"))))
    assert [refusal(each) for each in outcomes] == ["check.unknown", "check.unknown"]
    assert committed is None
    assert kit.site.head == head


# --- what may not be asked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "command.malformed"),
        (b"[]", "command.malformed"),
        (b"null", "command.malformed"),
        (b'{"type":"Fly"}', "command.unknown_type"),
        (b'{"type":"OpenCheck"}', "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"x"}', "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","surprise":1}' % name_id("a").encode(), "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s"}' % name_id("a").upper().encode(), "id.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","table_id":"a\\u0000b"}' % name_id("a").encode(), "text.control_character"),
        (b'{"type":"OpenCheck","check_id":"%s","table_id":"\\ud800"}' % name_id("a").encode(), "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","covers":1e2}' % name_id("a").encode(), "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","covers":1.5}' % name_id("a").encode(), "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","covers":99999999999999999999}' % name_id("a").encode(), "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s","opened_at":"0001-01-01T00:00:00"}' % name_id("a").encode(), "permission.missing"),
        (b'{"type":"OpenCheck","check_id":"%s","table_id":"\xff"}' % name_id("a").encode(), "command.malformed"),
        (b"[" * 5_000 + b"]" * 5_000, "command.malformed"),
        (b'{"type":"OpenCheck","check_id":"%s"}' % name_id("a").encode() + b" " * COMMAND_BYTES_MAX, "command.too_large"),
    ],
)
def test_bad_input_is_refused_with_a_stable_code_and_the_site_goes_on(kit: SiteKit, body: bytes, code: str) -> None:
    assert kit.refused(submit(body, name_id("bad"))) == code
    kit.one(OpenCheck(check_id=name_id("after")))


@pytest.mark.parametrize("opened_at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "1969-12-31T23:59:59", "2026-03-03T05:00:00"])
def test_an_import_at_an_impossible_time_is_refused(kit: SiteKit, opened_at: str) -> None:
    body = b'{"type":"OpenCheck","check_id":"%s","opened_at":"%s"}' % (name_id("a").encode(), opened_at.encode())
    assert kit.refused(submit(body), by=device("import")) == "check.opened_at_range"


def test_an_id_that_is_no_uuid_is_refused(kit: SiteKit) -> None:
    assert kit.refused(submit(OPEN, "X" * 36)) == "id.malformed"


def test_who_acts_is_held_to_the_same_rules_of_text(kit: SiteKit) -> None:
    """An entry carries who acted: a NUL there would reach Postgres and paper, and megabytes of it would never fit an envelope."""
    assert kit.refused(submit(OPEN, actor_id="a\x00b")) == "text.control_character"
    assert kit.refused(submit(OPEN, actor_id="x" * 65)) == "id.malformed"
    kit.one(submit(OPEN, actor_id="Zoë"))


@pytest.mark.parametrize(
    ("role", "command", "code"),
    [
        ("kds", OPEN, "permission.missing"),
        ("kds", BumpTicket(ticket_id=name_id("t")), "ticket.unknown"),
        ("pos", ApplyMenu(version="x"), "permission.missing"),
        ("pos", TurnBusinessDay(business_date="2030-01-01"), "permission.missing"),
        ("manager", TurnBusinessDay(business_date="2030-01-01"), "permission.missing"),
        ("import", StartEpoch(currency="EUR", time_zone="UTC"), "permission.missing"),
        ("pos", AddLine(check_id=name_id("a"), line_id=name_id("l"), item_id="soup", unit_price_minor=1), "permission.missing"),
    ],
)
def test_a_role_does_what_it_may_and_no_more(kit: SiteKit, role: str, command: OpenCheck, code: str) -> None:
    kit.one(OpenCheck(check_id=name_id("a")) if command is not OPEN else OpenCheck(check_id=name_id("b")))
    assert kit.refused(command, by=device(role)) == code


# --- the business day ----------------------------------------------------------------------------


def test_the_day_turns_once_as_a_command_of_the_box_itself(kit: SiteKit) -> None:
    before = len(kit.entries())
    kit.wait(days=1)
    outcomes, _ = kit.group(request(OPEN), request(OpenCheck(check_id=name_id("b"))))
    assert all(isinstance(each, tuple) for each in outcomes)
    new = [entry for _, _, entry in kit.entries()[before:]]
    assert [entry["event"]["type"] for entry in new] == ["BusinessDayTurned", "CheckOpened", "CheckOpened"]
    assert new[0]["command"] != new[1]["command"]
    assert (new[0]["device"], new[0]["ordinal"], new[0]["of"]) == ("box", 0, 1)
    assert {entry["date"] for entry in new} == {"2026-03-03"}


def test_a_refused_command_turns_no_day(kit: SiteKit) -> None:
    kit.wait(days=1)
    assert kit.refused(SOUP) == "check.unknown"
    assert kit.site.state.business_date == "2026-03-02"


def test_a_repeat_of_yesterday_turns_no_day(kit: SiteKit) -> None:
    first = kit.one(OPEN)
    kit.wait(days=1)
    assert encoded(kit.one(OPEN)) == encoded(first)
    assert kit.site.state.business_date == "2026-03-02"


def test_the_date_never_goes_back_with_the_clock(kit: SiteKit) -> None:
    kit.wait(days=1)
    kit.one(OPEN)
    kit.wait(days=-1)
    assert kit.refused(OpenCheck(check_id=name_id("b"))) == "clock.behind"
    assert kit.one(SOUP).business_date == "2026-03-03"


def test_a_line_added_while_the_clock_is_behind_does_not_make_it_the_right_one(kit: SiteKit) -> None:
    """The battery of the clock is flat. The line went on at the wrong time, and the next check opened as if nothing were wrong."""
    kit.one(OPEN)
    at_noon = kit.now
    kit.wait(hours=-5)
    assert kit.one(SOUP).at == at_noon
    assert kit.refused(OpenCheck(check_id=name_id("b"))) == "clock.behind"
    again = kit.restart()
    assert again.refused(OpenCheck(check_id=name_id("b"))) == "clock.behind"
    accepted = again.one(AcceptClock(reason="battery"), by=BOX)
    assert accepted.at < at_noon
    again.one(OpenCheck(check_id=name_id("b")))
    again.close()


def test_a_round_too_large_for_one_message_is_refused_before_it_stops_the_link(kit: SiteKit) -> None:
    check_id = name_id("a")
    kit.one(OPEN)
    note = "\N{SLICE OF PIZZA}" * 500
    for start in range(0, 400, 100):
        lines = [AddLine(check_id=check_id, line_id=name_id(str(n)), item_id="soup", note=note) for n in range(start, start + 100)]
        assert isinstance(kit.batch(*lines), tuple)
    assert kit.refused(SendCheck(check_id=check_id)) == "command.too_large"


def test_a_device_that_takes_the_id_of_tomorrows_turn_cannot_stop_the_site(kit: SiteKit) -> None:
    """The box derives the id of each day's turn; whoever knows the site's id could have used it first."""
    kit.one(submit(OPEN, derived_id(SITE, "day", "2026-03-03")))
    kit.wait(days=1)
    kit.one(OpenCheck(check_id=name_id("b")))
    assert kit.site.state.business_date == "2026-03-03"


def test_a_device_that_takes_the_id_of_the_next_epoch_cannot_stop_the_next_box(kit: SiteKit) -> None:
    kit.one(submit(OPEN, derived_id(SITE, "epoch", 2)))
    again = kit.restart(epoch=2)
    try:
        assert again.site.state.epoch == 2
    finally:
        again.close()


# --- epochs --------------------------------------------------------------------------------------


def test_a_box_under_an_older_claim_than_its_journal_refuses_to_start(kit: SiteKit) -> None:
    with pytest.raises(Refused, match=r"epoch\.behind"):
        Site(identity(epoch=0), kit.store, lambda: NOON)


def test_a_box_under_a_newer_claim_goes_on_with_the_same_chain(kit: SiteKit) -> None:
    kit.one(OPEN)
    again = kit.restart(epoch=2)
    try:
        again.one(SOUP)
        epochs = [epoch for epoch, _, _ in again.entries()]
        assert epochs == sorted(epochs)
        assert epochs[-2:] == [2, 2]
        assert again.site.start() is None, "an epoch begins once"
    finally:
        again.close()


def test_a_journal_of_another_site_is_not_written_on(kit: SiteKit) -> None:
    """A box.toml over the wrong journal: its entries would carry two sites in one chain, and the hub would refuse them for ever."""
    with pytest.raises(Refused, match=r"journal\.foreign"):
        Site(identity(site_id=name_id("another site")), kit.store, lambda: NOON)


# --- menus ---------------------------------------------------------------------------------------


def test_a_menu_that_the_box_does_not_hold_is_not_applied(kit: SiteKit) -> None:
    assert kit.refused(ApplyMenu(version="0" * 64), by=BOX) == "menu.version_unknown"


def test_a_menu_is_in_force_after_a_restart(kit: SiteKit) -> None:
    again = kit.restart()
    try:
        version, menu = again.site.menu
        assert (version, menu) == (menu_version(MENU), MENU)
    finally:
        again.close()


# --- commits that fail ---------------------------------------------------------------------------


def test_a_commit_that_fails_answers_the_whole_group_unknown_and_asking_again_gives_the_truth(kit: SiteKit) -> None:
    kit.store.fail = FailingStore.lose_power_before_commit
    head = kit.site.head
    (first, second), committed = kit.group(request(OPEN), request(SOUP, by=device("pos", "other")))
    assert (refusal(first), refusal(second), committed) == ("commit.unknown", "commit.unknown", None)
    assert kit.site.head == head
    assert kit.refused(SOUP) == "check.unknown", "nothing of the group is remembered"
    kit.one(OPEN)
    kit.one(SOUP)


def test_a_commit_that_came_through_though_it_failed_is_answered_truly_and_told_to_followers(kit: SiteKit) -> None:
    """The error came after the transaction was on disk: the repeat finds the first answer, and no follower may miss the entries."""
    kit.store.fail = FailingStore.commit_and_fail_to_say_so
    before = kit.site.head
    (outcome,), committed = kit.group(request(OPEN))
    assert refusal(outcome) == "commit.unknown"
    assert isinstance(committed, Committed), "what is on disk must be published"
    assert committed.entries[0].sequence == before.sequence + 1
    assert committed.head == kit.site.head
    assert kit.one(OPEN).events[0].sequence == before.sequence + 1
    kit.one(SOUP)
    kit.entries()


def test_a_full_disk_says_so_and_nothing_is_written(kit: SiteKit) -> None:
    kit.store.fail = FailingStore.run_full
    rows = kit.entries()
    assert kit.refused(OPEN) == "storage.full"
    assert kit.entries() == rows
    kit.one(OPEN)


def test_a_file_that_cannot_be_opened_anew_is_told_and_healed_later(kit: SiteKit) -> None:
    """The commit came through, the file could not be reopened at once: when it can, followers get what they missed."""
    kit.store.fail = FailingStore.commit_and_fail_to_say_so
    kit.store.unopenable = True
    with pytest.raises(Exception, match="disk I/O error"):
        kit.group(request(OPEN))
    kit.store.unopenable = False
    committed = kit.site.recover()
    assert committed is not None
    assert [entry.sequence for entry in committed.entries] == [kit.site.head.sequence]
    assert kit.site.recover() is None
    kit.one(SOUP)


def test_the_journal_that_all_this_leaves_is_one_chain_and_names_its_commands(kit: SiteKit) -> None:
    for name in "abc":
        kit.batch(*service(name, ("soup", "wine")))
        kit.wait(hours=7)
    entries = [entry for _, _, entry in kit.entries()]
    commands = {(entry["command"], entry["ordinal"]) for entry in entries}
    assert len(commands) == len(entries)
    for entry in entries:
        assert (entry["digest"] != "") == (entry["ordinal"] == 0)
        assert entry["of"] == len([each for each in entries if each["command"] == entry["command"]])


def test_nothing_of_a_request_is_shared_with_the_next(kit: SiteKit) -> None:
    empty = Request(device=POS, commands=())
    outcomes, committed = kit.group(empty)
    assert outcomes == [()]
    assert committed is None
