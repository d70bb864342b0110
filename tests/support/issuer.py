"""Credentials and claims as a hub would give them to boxes, signed by a key of the test's own.

What lives here: the key of one invented hub, and claims under it. Which box gets which epoch is the business of the tests.
"""

from hub.app.ports import BoxCredentials
from provisioning.keys import KeyPair, new_account
from shared.protocol.claim import Claim, open_claim, seal_claim
from shared.protocol.keys import verify_issuer

__all__ = ["CREDENTIALS", "ISSUER", "claim_token", "read_claim"]

ISSUER = new_account()


def claim_token(org_id: str, site_id: str, epoch: int, public_key: str, *, issuer: KeyPair = ISSUER) -> str:
    """The token of a claim, of `issuer`."""
    return seal_claim(
        Claim(org=org_id, site=site_id, epoch=epoch, key=public_key, issued_at_ms=1_772_000_000_000), issuer.public, issuer.sign
    )


def read_claim(token: str) -> Claim:
    """Believes ISSUER and nobody else. Raises ClaimError."""
    return open_claim(token, (ISSUER.public,), verify_issuer)


CREDENTIALS = BoxCredentials(lambda *who: f"jwt of {who}", claim_token, (ISSUER.public,))
