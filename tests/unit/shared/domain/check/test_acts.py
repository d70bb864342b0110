"""What every act on a check asks first: the tables say what may be done, and the refusal how things stand."""

import pytest

from shared.domain.check.acts import ACT_ERRORS, allow_line, lines_of
from shared.domain.check.state import LINE_STATES, LineStatus
from shared.domain.errors import Refused
from tests.unit.shared.domain.check.bistro import BURGER, COFFEE, at_the_bistro
from tests.unit.shared.domain.world import name_id


def test_what_was_not_fired_is_not_voided_as_if_it_were() -> None:
    world = at_the_bistro()
    world.add("soup")
    check = world.check()
    with pytest.raises(Refused) as refused:
        allow_line(check, check.lines[0], "void_fired")
    assert (refused.value.code, refused.value.facts["status"]) == ("line.already_held", "held")


def test_every_state_of_a_line_has_a_code_by_which_an_act_is_refused() -> None:
    assert {f"line.already_{status}" for status in LineStatus} <= set(ACT_ERRORS)
    assert {status for status, _ in LINE_STATES} | set(LINE_STATES.values()) == set(LineStatus)


def test_the_id_of_a_combo_names_its_components_and_a_components_own_id_itself() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE))
    check = world.check()
    assert lines_of(check, lunch) == list(check.lines)
    assert lines_of(check, check.lines[1].line_id) == [check.lines[1]]
    with pytest.raises(Refused) as refused:
        lines_of(check, name_id("ghost"))
    assert refused.value.code == "line.unknown"
