"""Whoever asks too often is told to come again; nobody else is held up by it."""

from hypothesis import given
from hypothesis import strategies as st

from hub.app.pacing import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    clock = Clock()
    pace = Pace(clock, per_s=2.0, burst=3, known_max=10)
    assert [pace.may("a") for _ in range(5)] == [True, True, True, False, False]
    assert pace.may("b"), "another is not held up"
    clock.now += 1.0
    assert [pace.may("a") for _ in range(3)] == [True, True, False]


def test_who_asks_again_and_again_does_not_wait_longer_for_it() -> None:
    clock = Clock()
    pace = Pace(clock, per_s=1.0, burst=1, known_max=10)
    assert pace.may("a")
    for _ in range(9):
        clock.now += 0.1
        assert not pace.may("a")
    clock.now += 0.11
    assert pace.may("a")


def test_it_remembers_a_bounded_number() -> None:
    pace = Pace(Clock(), per_s=1.0, burst=1, known_max=2)
    assert all(pace.may(who) for who in range(100))
    assert pace.may(0), "long forgotten"
    assert not pace.may(99)


@given(st.lists(st.floats(0, 10), max_size=60))
def test_over_any_time_no_more_pass_than_burst_and_rate_allow(waits: list[float]) -> None:
    clock = Clock()
    pace = Pace(clock, per_s=0.5, burst=4, known_max=4)
    passed = 0
    for wait in waits:
        clock.now += wait
        passed += pace.may("a")
    assert passed <= 4 + 0.5 * sum(waits) + 1e-6
