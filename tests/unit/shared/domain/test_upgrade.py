"""Ways up for checkpoints: steps are taken in their order, and no release raises the state format without one."""

from collections.abc import Iterable, Iterator

from shared.domain.registry import STATE_FORMAT
from shared.domain.upgrade import CHECKPOINT_UPGRADES, FIRST_CHECKPOINT_FORMAT, StateRow, Upgrade, brought_up, steps_between


def _append(word: str) -> Upgrade:
    def step(rows: Iterable[StateRow]) -> Iterator[StateRow]:
        for row in rows:
            yield row._replace(state={"said": f"{row.state['said']} {word}"})

    return step


def test_every_box_that_has_trimmed_can_come_up_to_this_release() -> None:
    way = steps_between(FIRST_CHECKPOINT_FORMAT, STATE_FORMAT, CHECKPOINT_UPGRADES)
    assert way is not None, (
        "STATE_FORMAT was raised without a step in CHECKPOINT_UPGRADES (shared/domain/upgrade.py): boxes that have trimmed would not start"
    )


def test_steps_are_taken_one_format_after_the_other_and_the_rows_can_be_gone_through_again() -> None:
    upgrades = {7: _append("seven"), 8: _append("eight")}
    steps = steps_between(7, 9, upgrades)
    assert steps is not None
    rows = brought_up([StateRow("check", "a", {"said": "six"})], steps)
    for _ in range(2):
        assert [row.state for row in rows] == [{"said": "six seven eight"}]


def test_there_is_no_way_down_and_none_over_a_gap() -> None:
    assert steps_between(4, 3, {}) is None
    assert steps_between(7, 9, {7: list}) is None
    assert steps_between(5, 5, {}) == []
