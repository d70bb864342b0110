"""Claims: which of two boxes is the present one can be told by whoever holds the issuer's public key."""

import pytest

from provisioning.keys import new_account, new_user
from shared.limits import CLAIM_TOKEN_CHARS_MAX
from shared.protocol.claim import Claim, ClaimError, open_claim, seal_claim
from shared.protocol.keys import is_account_key, is_user_key, verify_issuer

ISSUER = new_account()
CLAIM = Claim(org="o", site="s", epoch=2, key=new_user().public, issued_at_ms=1_764_000_000_000)
TOKEN = seal_claim(CLAIM, ISSUER.public, ISSUER.sign)


def _refusal(token: str, issuers: tuple[str, ...] = (ISSUER.public,)) -> str:
    with pytest.raises(ClaimError) as refused:
        open_claim(token, issuers, verify_issuer)
    return refused.value.code


def test_a_claim_is_read_as_it_was_written() -> None:
    assert open_claim(TOKEN, (new_account().public, ISSUER.public), verify_issuer) == CLAIM


def test_a_claim_of_another_hub_is_not_believed() -> None:
    assert _refusal(TOKEN, (new_account().public,)) == "claim.untrusted"


def test_a_claim_that_names_the_issuer_but_was_signed_by_somebody_else_is_refused() -> None:
    assert _refusal(seal_claim(CLAIM, ISSUER.public, new_account().sign)) == "claim.bad_signature"


@pytest.mark.parametrize("token", ["", "!", "AAAA", "é" * 8, TOKEN[:-9], "A" * (CLAIM_TOKEN_CHARS_MAX + 1)])
def test_what_is_no_claim_is_said_to_be_none(token: str) -> None:
    assert _refusal(token) == "claim.malformed"


def test_keys_of_boxes_and_issuers_are_told_apart() -> None:
    assert is_account_key(ISSUER.public)
    assert not is_user_key(ISSUER.public)
    assert not is_account_key(CLAIM.key)
    assert not verify_issuer(CLAIM.key, bytes(64), b"")
