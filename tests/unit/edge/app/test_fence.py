"""The fence: whoever shows a later claim of the site stops the box for good; whoever shows anything else stops nothing."""

from functools import partial

import pytest

from edge.app.fence import Fence
from provisioning.keys import KeyPair, new_account
from shared.domain.errors import Refused
from shared.protocol.claim import open_claim
from shared.protocol.keys import verify_issuer
from tests.support.boxes import claim_token, new_id
from tests.unit.edge.site_kit import identity
from tests.unit.shared.domain.world import ORG, SITE

ISSUER = new_account()
trust = partial(open_claim, issuers={ISSUER.public}, verify=verify_issuer)


def claim(epoch: int, *, issuer: KeyPair = ISSUER, org: str = ORG, site: str = SITE) -> str:
    return claim_token(issuer, org, site, epoch)


@pytest.fixture
def fence() -> Fence:
    """The present box, of epoch 2."""
    return Fence(identity(epoch=2), claim(2), trust)


def refusal_of(fence: Fence) -> str:
    with pytest.raises(Refused) as refused:
        fence.ensure_open()
    return refused.value.code


def test_the_present_box_is_open_and_shows_its_claim(fence: Fence) -> None:
    fence.ensure_open()
    assert fence.is_open
    assert (fence.state.epoch, fence.state.fenced_epoch, fence.state.site_id) == (2, 0, SITE)
    assert trust(fence.state.claim).epoch == 2


def test_a_tablet_that_has_met_the_replacement_stops_the_old_box_at_once(fence: Fence) -> None:
    assert fence.believe(claim(3))
    assert refusal_of(fence) == "box.fenced"
    assert fence.state.fenced_epoch == 3
    assert not fence.believe(claim(3)), "told again it is no news"
    assert fence.believe(claim(4)), "a later one still is: devices must be told who is the present box"
    assert not fence.believe(claim(3))
    assert fence.state.fenced_epoch == 4


def test_a_claim_of_its_own_epoch_or_a_lower_one_changes_nothing(fence: Fence) -> None:
    assert not fence.believe(claim(2))
    assert not fence.believe(claim(1))
    fence.ensure_open()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "claim.malformed"),
        ("x" * 3000, "claim.malformed"),
        ("nonsense", "claim.malformed"),
        (claim(3, issuer=new_account()), "claim.untrusted"),
        (claim(3, site=new_id()), "claim.other_site"),
        (claim(3, org=new_id()), "claim.other_site"),
    ],
)
def test_a_claim_that_proves_nothing_stops_nobody(fence: Fence, token: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        fence.believe(token)
    assert (refused.value.code, refused.value.facts["reason"]) == ("fence.bad_claim", reason)
    fence.ensure_open()


def test_a_fence_outlives_every_restart_but_not_a_new_enrolment(fence: Fence) -> None:
    fence.believe(claim(3))
    again = Fence(identity(epoch=2), claim(2), trust)
    again.restore(fence.kept)
    assert refusal_of(again) == "box.fenced"
    enrolled = Fence(identity(epoch=4), claim(4), trust)
    enrolled.restore(fence.kept)
    enrolled.ensure_open()
    assert enrolled.state.fenced_epoch == 0


def test_a_box_enrolled_before_claims_were_signed_takes_the_hubs_bare_word_and_nobody_elses() -> None:
    old = Fence(identity(epoch=1))
    with pytest.raises(Refused) as refused:
        old.believe(claim(2))
    assert refused.value.code == "fence.bad_claim"
    old.ensure_open()
    assert old.obey(0), "a hub of release 0.2 names no epoch"
    assert old.state.fenced_epoch == 2
    assert refusal_of(old) == "box.fenced"


def test_a_hub_that_takes_its_bare_word_back_opens_the_box_again() -> None:
    old = Fence(identity(epoch=1))
    assert not old.lift(), "there is nothing to take back"
    old.obey(2)
    assert old.lift()
    old.ensure_open()
    again = Fence(identity(epoch=1))
    again.restore(old.kept)
    again.ensure_open()


def test_what_a_claim_has_proved_no_hub_takes_back(fence: Fence) -> None:
    fence.believe(claim(3))
    assert not fence.lift()
    assert refusal_of(fence) == "box.fenced"


def test_the_hubs_bare_word_does_not_do_where_a_claim_can_be_asked_for(fence: Fence) -> None:
    with pytest.raises(Refused):
        fence.obey(3)
    fence.ensure_open()
    assert fence.obey(3, claim(3))


def test_a_replacement_sells_only_when_it_has_what_the_tablets_hold(fence: Fence) -> None:
    fence.is_recovering = True
    assert refusal_of(fence) == "box.recovering"
    assert fence.state.is_recovering
    fence.believe(claim(3))
    assert refusal_of(fence) == "box.fenced", "to wait for it would be in vain"
