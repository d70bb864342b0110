"""Lines go to the kitchen: all that wait, a course, or one; and wait on hold until somebody says so."""

from typing import Any

import msgspec
import pytest

from shared.domain.check import LineStatus
from shared.domain.check.firing import FireCourse, FireLines, HoldLines, LinesHeld, LinesReleased, LinesSent, ReleaseLines, SendCheck
from shared.domain.check.state import CHECK, Closing, ComboPart
from shared.domain.errors import Refused
from shared.domain.registry import decode_event
from tests.unit.shared.domain.kitchen.scene import Scene, held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id

A = name_id("a")


def lines(*names: str) -> tuple[str, ...]:
    return tuple(name_id(name) for name in names)


def dinner() -> Scene:
    """Soup now, steak and fish when the table is ready for them."""
    world = scene()
    world.table(
        "a", held("soup", course="starters"), held("steak", course="mains", on_hold=True), held("fish", course="mains", on_hold=True)
    )
    return world


def statuses(world: Scene) -> dict[str, tuple[LineStatus, bool]]:
    return {line.name: (line.status, line.on_hold) for line in world.check().lines}


def refused(world: Scene, command: Any) -> Refused:
    return refusal(world, command, role="pos")


def test_a_send_passes_over_what_is_on_hold() -> None:
    world = dinner()
    sent, _ = world.send("a")
    assert isinstance(sent, LinesSent)
    assert (sent.line_ids, sent.course) == (lines("soup"), "")
    assert statuses(world) == {
        "Soup": (LineStatus.SENT, False), "Steak": (LineStatus.HELD, True), "Fish": (LineStatus.HELD, True),
    }  # fmt: skip
    refusal = refused(world, SendCheck(check_id=A))
    assert (refusal.code, refusal.facts["on_hold"], refusal.facts["check_id"]) == ("check.nothing_held", 2, A)


def test_the_table_is_ready_for_its_mains() -> None:
    world = dinner()
    sent, ticket = world.do(FireCourse(check_id=A, course="mains"))
    assert (sent.line_ids, sent.course, sent.fire_id) == (lines("steak", "fish"), "mains", ticket.fire_id)
    assert ticket.course == "mains"
    assert statuses(world)["Steak"] == (LineStatus.SENT, False)
    refusal = refused(world, FireCourse(check_id=A, course="mains"))
    assert (refusal.code, refusal.facts["course"]) == ("check.nothing_held", "mains")


def test_what_has_no_course_is_fired_as_such() -> None:
    world = scene()
    world.table("a", held("bread"), held("steak", course="mains"))
    sent, _ = world.do(FireCourse(check_id=A, course=""))
    assert sent.line_ids == lines("bread")


def test_one_dish_goes_before_its_course() -> None:
    world = dinner()
    sent, _ = world.do(FireLines(check_id=A, line_ids=lines("fish", "fish")))
    assert sent.line_ids == lines("fish")
    refusal = refused(world, FireLines(check_id=A, line_ids=lines("steak", "fish")))
    assert (refusal.code, refusal.facts["line_id"]) == ("line.already_sent", name_id("fish"))
    assert refused(world, FireLines(check_id=A, line_ids=lines("ghost"))).code == "line.unknown"
    assert refused(world, FireLines(check_id=A, line_ids=("x" * 36,))).code == "id.malformed"


def test_a_line_is_held_back_and_let_go_again() -> None:
    world = dinner()
    assert world.do(HoldLines(check_id=A, line_ids=lines("soup", "steak"))) == [LinesHeld(check_id=A, line_ids=lines("soup"))]
    assert refused(world, HoldLines(check_id=A, line_ids=lines("soup"))).code == "line.already_on_hold"
    assert refused(world, SendCheck(check_id=A)).facts["on_hold"] == 3
    assert world.do(ReleaseLines(check_id=A, line_ids=lines("soup"))) == [LinesReleased(check_id=A, line_ids=lines("soup"))]
    assert refused(world, ReleaseLines(check_id=A, line_ids=lines("soup"))).code == "check.nothing_on_hold"
    assert refused(world, ReleaseLines(check_id=A)).code == "check.nothing_on_hold"
    assert [line.revision for line in world.check().lines] == [2, 0, 0]


def test_a_course_is_let_go_and_the_next_send_takes_it_along() -> None:
    world = dinner()
    both = lines("steak", "fish")
    assert world.do(ReleaseLines(check_id=A, line_ids=lines("fish"), course="mains")) == [
        LinesReleased(check_id=A, line_ids=lines("fish", "steak"))
    ]
    sent, _ = world.send("a")
    assert sent.line_ids == (*lines("soup"), *both)


def test_what_is_sent_or_voided_is_not_held_back() -> None:
    world = dinner()
    world.send("a")
    assert refused(world, HoldLines(check_id=A, line_ids=lines("soup"))).code == "line.already_sent"
    assert refused(world, ReleaseLines(check_id=A, line_ids=lines("soup"))).code == "line.already_sent"
    world.table("b", held("salad", status=LineStatus.VOIDED))
    command = FireLines(check_id=name_id("b"), line_ids=lines("salad"))
    assert refused(world, command).code == "line.already_voided"


def part(combo: str, name: str, **fields: Any) -> Any:
    of = ComboPart(combo_id=name_id(combo), item_id=combo, name=combo.title(), slot_id=name, price_minor=900)
    return held(name, combo=of, **fields)


def test_a_combo_goes_by_its_own_id_what_of_it_is_still_there() -> None:
    world = scene()
    world.table("a", part("menu", "burger"), part("menu", "shake", station="bar", course="sweets"), held("soup"))
    world.do(HoldLines(check_id=A, line_ids=lines("menu")))
    assert [line.on_hold for line in world.check().lines] == [True, True, False]
    world.do(FireCourse(check_id=A, course="sweets"))
    sent, ticket = world.do(FireLines(check_id=A, line_ids=lines("menu")))
    assert (sent.line_ids, ticket.lines[0].combo) == (lines("burger"), "Menu")
    assert refused(world, FireLines(check_id=A, line_ids=lines("menu"))).code == "line.already_sent"


def test_in_training_nothing_is_cooked() -> None:
    world = scene()
    world.table("a", held("soup"), training=True)
    assert [type(event).__name__ for event in world.send("a")] == ["LinesSent"]
    assert (statuses(world)["Soup"], world.tickets()) == ((LineStatus.SENT, False), [])


def test_the_moment_of_sending_stands_on_the_line() -> None:
    world = dinner()
    world.send("a")
    assert [line.sent_at for line in world.check().lines] == [NOON, None, None]


def test_what_a_reopened_check_sends_is_numbered_on_the_day_it_is_sent() -> None:
    from shared.domain.check.reckoning import figures_of

    world = scene()
    world.fired("a", held("soup"))
    check = world.check()
    world.states[CHECK, A] = msgspec.structs.replace(check, closings=(Closing(date="2026-03-02", at=NOON, figures=figures_of(check)),))
    world.wait(days=1)
    world.fired("a", held("steak"))
    ticket = world.tickets()[-1]
    assert (ticket.business_date, ticket.number) == ("2026-03-03", 1)


def test_a_sending_of_the_first_release_is_read() -> None:
    world = scene()
    world.table("a", held("soup"))
    event = decode_event(b'{"type":"LinesSent","check_id":"%s","line_ids":["%s"]}' % (A.encode(), name_id("soup").encode()))
    assert event is not None
    world.told(event)
    assert statuses(world)["Soup"] == (LineStatus.SENT, False)


def test_events_that_do_not_fit_are_noticed() -> None:
    world = dinner()
    for event in (LinesSent, LinesHeld, LinesReleased):
        with pytest.raises(LookupError):
            world.told(event(check_id=A, line_ids=lines("ghost")))
        with pytest.raises(LookupError):
            world.told(event(check_id=name_id("ghost"), line_ids=()))
    world.send("a")
    with pytest.raises(LookupError):
        world.told(LinesHeld(check_id=A, line_ids=lines("soup")))


def test_a_closed_check_sends_and_holds_nothing() -> None:
    world = scene()
    world.open("a")
    from shared.domain.check import CloseCheck

    world.do(CloseCheck(check_id=A))
    for command in (
        SendCheck(check_id=A), FireCourse(check_id=A, course=""), FireLines(check_id=A, line_ids=(A,)), HoldLines(check_id=A, line_ids=(A,)),
        ReleaseLines(check_id=A, line_ids=(A,)),
    ):  # fmt: skip
        assert refused(world, command).code == "check.closed"
