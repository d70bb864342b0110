"""What is said, unasked, when a claim is granted."""

import pytest

from hub.ingest.fencing import tell_replaced
from shared.protocol.envelope import AnswerStatus
from tests.support.ingest_rig import IngestRig
from tests.support.issuer import read_claim


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


async def test_the_replaced_box_is_told_with_a_proof(rig: IngestRig) -> None:
    old = rig.site()
    new = rig.replace(old, 17)
    (reply,) = await tell_replaced(rig.registry, [old.address])
    assert reply.address == old.address
    assert (reply.answer.status, reply.answer.attempt, reply.answer.code) == (AnswerStatus.FENCED, 0, "epoch.fenced")
    assert read_claim(reply.answer.claim).key == new.key.public
    assert rig.registry.forgotten == [old.address]


async def test_of_a_site_with_one_box_nothing_is_said(rig: IngestRig) -> None:
    assert await tell_replaced(rig.registry, [rig.site().address]) == []


async def test_a_claim_from_before_there_were_tokens_cannot_be_proved_and_is_told_at_the_next_hello(rig: IngestRig) -> None:
    old = rig.site()
    rig.registry.register(old.address, "the key of the next box", epoch=2)
    assert await tell_replaced(rig.registry, [old.address]) == []


async def test_while_the_control_database_is_away_the_next_hello_tells(rig: IngestRig) -> None:
    old = rig.site()
    rig.replace(old, 17)
    rig.registry.is_down = True
    assert await tell_replaced(rig.registry, [old.address]) == []
