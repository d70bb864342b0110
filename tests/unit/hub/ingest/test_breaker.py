"""How long a shard that failed is left alone."""

from hub.ingest.breaker import Breaker
from shared.limits import SHARD_PAUSE_MAX_S


def test_a_failure_costs_four_times_its_own_time_and_no_more_than_the_bound() -> None:
    now = 100.0
    breaker = Breaker(lambda: now)
    for took_s, pause_s in ((0.0, 0.0), (0.5, 2.0), (1e3, SHARD_PAUSE_MAX_S)):
        began_at = breaker.begin()
        now += took_s
        breaker.failed(began_at)
        assert breaker.is_closed is (pause_s == 0.0)
        now += pause_s
        assert breaker.is_closed


def test_a_success_ends_the_pause() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    began_at = breaker.begin()
    now = 5.0
    breaker.failed(began_at)
    assert not breaker.is_closed
    breaker.succeeded()
    assert breaker.is_closed
