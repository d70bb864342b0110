"""Tests of shared.protocol.patience: waits that double, and heartbeats that fall out of step."""

from shared import limits
from shared.protocol.patience import Patience


def test_boxes_greet_at_intervals_of_their_own_and_never_later_than_said() -> None:
    """A hub that comes back has all its boxes back within a second: a quarter of an hour later they must not still greet in one."""
    intervals = {Patience(f"UBOX{number}").heartbeat_s for number in range(500)}
    least = limits.HELLO_INTERVAL_S * (1 - limits.HELLO_INTERVAL_SPREAD)
    assert least <= min(intervals) < least + 0.1
    assert limits.HELLO_INTERVAL_S - 0.1 < max(intervals) <= limits.HELLO_INTERVAL_S
    assert len(intervals) == 500
    assert Patience("UBOX1").heartbeat_s == Patience("UBOX1").heartbeat_s


def test_a_hello_that_nobody_answers_is_said_less_and_less_often_until_somebody_does() -> None:
    patience = Patience("UBOX")
    waits: list[float] = []
    for _ in range(10):
        waits.append(patience.hello_wait_s)
        patience.unheard()
    assert waits[:4] == [limits.HELLO_RETRY_S * 2**number for number in range(4)]
    assert patience.hello_wait_s == limits.HELLO_RETRY_MAX_S
    patience.heard()
    assert patience.hello_wait_s == limits.HELLO_RETRY_S


def test_silence_is_borne_longer_on_a_slow_line_and_while_nothing_comes_of_asking() -> None:
    patience = Patience("UBOX")
    assert patience.silence_s == limits.ANSWER_TIMEOUT_S
    patience.round_trip_s = limits.ANSWER_TIMEOUT_S
    assert patience.silence_s == 2 * limits.ANSWER_TIMEOUT_S
    patience.barren = 20
    assert patience.silence_s == limits.HELLO_RETRY_MAX_S
    patience.begin()
    assert patience.silence_s == 2 * limits.ANSWER_TIMEOUT_S
