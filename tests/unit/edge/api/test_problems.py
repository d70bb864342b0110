"""Refusals as problem details: every code has its words, and what fails in the web framework has one too."""

import msgspec
import pytest

from edge.api.errors import API_ERRORS
from edge.api.feed import _CLOSE
from edge.api.problems import problem_of
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS


@pytest.mark.parametrize("code", sorted(ERRORS | API_ERRORS))
def test_every_code_is_told_with_title_hint_and_a_status_of_a_refusal(code: str) -> None:
    problem = problem_of(Refused(code, "this case", item_id="x"), 3)
    assert problem.type == f"urn:comanda:error:{code}"
    assert problem.title.endswith(".")
    assert problem.hint.endswith(".")
    assert 400 <= problem.status < 600
    assert msgspec.to_builtins(problem)["facts"] == {"item_id": "x"}
    assert problem.failed_command == 3


def test_no_code_stands_in_both_tables() -> None:
    assert not set(ERRORS) & set(API_ERRORS)


def test_every_reason_to_close_a_follower_is_a_known_code_and_a_private_close_code() -> None:
    assert set(_CLOSE) <= set(ERRORS | API_ERRORS)
    assert all(4000 <= code < 5000 for code in _CLOSE.values())
