"""Which answers need to be sent."""

from hub.ingest.answers import Reply, answer_ok, answer_unavailable, merge
from shared.protocol.entry import Position
from shared.protocol.envelope import AnswerStatus
from shared.protocol.subjects import Address

HERE, THERE = Address("o", "a"), Address("o", "b")


def ok(site: Address, sequence: int, attempt: int = 1, status: AnswerStatus = AnswerStatus.OK) -> Reply:
    return Reply(site, answer_ok(attempt, "i", Position(1, sequence, bytes(32)), status))


def test_of_a_run_the_last_is_sent() -> None:
    assert merge([ok(HERE, 1), ok(THERE, 9), ok(HERE, 2), ok(HERE, 3)]) == [ok(HERE, 3), ok(THERE, 9)]


def test_a_change_of_status_or_attempt_is_never_left_out() -> None:
    gap = ok(HERE, 3, status=AnswerStatus.GAP)
    replies = [ok(HERE, 2), gap, ok(HERE, 4), ok(HERE, 4, attempt=2)]
    assert merge(replies) == replies


def test_a_site_whose_shard_is_down_is_told_no_watermark() -> None:
    answer = answer_unavailable(3, 2.0)
    assert (answer.incarnation, answer.credit_until, answer.retry_after_s) == ("", 0, 2.0)


def test_of_two_boxes_of_a_site_each_gets_its_answer() -> None:
    replies = [Reply(HERE, answer_ok(1, "i", Position(1, at, bytes(32)), key=key)) for at, key in ((1, "old"), (2, "new"), (3, "old"))]
    assert merge(replies) == [replies[2], replies[1]]
