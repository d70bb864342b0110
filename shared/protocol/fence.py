"""Whether a word of the hub, or of a device, fences this box (Law 6).

What lives here: the judgement of a claim against the box that hears of it. What a fenced box does is in sender.py.
"""

from shared.protocol.actions import Identity
from shared.protocol.claim import Claim, ClaimError, ReadClaim

__all__ = ["higher_claim"]


def higher_claim(token: str, read_claim: ReadClaim, me: Identity) -> Claim:
    """The claim in `token`, if it is of my site and of a later epoch than mine.

    Raises ClaimError: what `read_claim` raises, `claim.other_site`, `claim.not_higher`.
    """
    claim = read_claim(token)
    if (claim.org, claim.site) != (me.org_id, me.site_id):
        raise ClaimError("claim.other_site", "The claim is for another site than this box.")
    if claim.epoch <= me.epoch:
        raise ClaimError("claim.not_higher", f"The claim is of epoch {claim.epoch}, this box of epoch {me.epoch}.")
    return claim
