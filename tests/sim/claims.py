"""Claims of the simulated hub, sealed cheaply: what a box gets when it is enrolled.

What lives here: the papers of a box. Who is granted which epoch is decided in hub.py.
"""

from dataclasses import dataclass

from shared.protocol.claim import Claim, open_claim, seal_claim
from shared.protocol.subjects import Address
from tests.sim.seals import ISSUER, signer, verify

__all__ = ["Granted", "grant"]


@dataclass(frozen=True)
class Granted:
    """An epoch, and the token that proves it; empty for a box of 0.2, which knows of none."""

    epoch: int
    token: str

    @staticmethod
    def read(token: str) -> Claim:
        """As edge/box.py reads claims: of issuers that enrolment named."""
        return open_claim(token, (ISSUER,), verify)


def grant(address: Address, epoch: int, key: str, at_ms: int) -> Granted:
    claim = Claim(org=address.org_id, site=address.site_id, epoch=epoch, key=key, issued_at_ms=at_ms)
    return Granted(epoch, seal_claim(claim, ISSUER, signer(ISSUER)))
