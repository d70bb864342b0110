"""The planted bugs still fit the code that they are planted in. That each is found, `make sim-mutants` shows."""

from pathlib import Path

import pytest

from tests.sim.plant import DIFFS, applies, headline

ALL = sorted(DIFFS.glob("*.diff"))


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 15


@pytest.mark.parametrize("diff", ALL, ids=lambda diff: diff.stem)
def test_the_bug_can_be_planted(diff: Path) -> None:
    assert not applies(diff)
    assert headline(diff).endswith("."), "the first line says what is planted"
