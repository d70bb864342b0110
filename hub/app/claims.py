"""Claims: a single-use code binds a box to a site and an epoch (Law 6).

What lives here: making and using codes. The key that signs is behind the port `Credentials`; HTTP is not known here.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from hub.app.errors import HubRefused
from hub.app.ports import BoxCredentials, Control, ReadShard
from shared.domain.ids import is_id
from shared.limits import CLAIM_CODE_BYTES, CLAIM_TTL_S
from shared.protocol.keys import is_user_key

__all__ = ["ClaimAnswer", "claim_site", "new_code", "redeem"]

_GROUP = 4  # letters of a code between dashes

_DETAILS = {
    "claim.unknown": "No claim was made with this code.",
    "claim.expired": "The code was not used in its time.",
    "claim.used": "Another key has been registered with this code.",
}


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a box needs to become the box of its site. `jwt` and the box's own seed make its credentials.

    `claim` is the token with which it shows to hub and devices that it is the present box (shared/protocol/claim.py), `issuers` are
    the public keys (A…) whose claims it should believe.
    """

    org_id: str
    site_id: str
    epoch: int
    site_name: str
    currency: str
    time_zone: str
    cut_over_minutes: int
    jwt: str
    nats_urls: list[str]
    claim: str = ""
    issuers: list[str] = []


def new_code(randomness: bytes) -> str:
    """A code that can be read out over a telephone, such as `ABCD-…`, from CLAIM_CODE_BYTES random bytes."""
    assert len(randomness) == CLAIM_CODE_BYTES
    letters = base64.b32encode(randomness).decode()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def code_sha256(code: str) -> bytes:
    """As codes are kept. Case, dashes and spaces do not count; 0, 1 and 8, which are in no code, are read as O, I and B."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum()).translate(str.maketrans("018", "OIB"))
    return hashlib.sha256(letters.encode()).digest()


async def claim_site(control: Control, site_id: str, code: str, above: int = 0) -> datetime:
    """Let `code` claim the site, once, under an epoch higher than `above` (up to EPOCH_ABOVE_MAX); when it runs out (UTC). Raises
    HubRefused."""
    expires_at = await control.add_claim(site_id, code_sha256(code), CLAIM_TTL_S, above) if is_id(site_id) else None
    if expires_at is None:
        raise HubRefused("site.unknown", f"There is no site {site_id!r}.")
    return expires_at


async def redeem(
    control: Control, shards: Mapping[str, ReadShard], credentials: BoxCredentials, nats_urls: list[str], code: str, public_key: str
) -> ClaimAnswer:
    """Use a code for the box that holds `public_key`. Asked again with the same key it gives the same epoch and claim.

    The epoch is higher than any that the control database has granted and than that of the last entry on the site's shard: either may
    have been restored and have forgotten (Law 6). Raises HubRefused, also while the shard cannot be asked.
    """
    if not is_user_key(public_key):
        raise HubRefused("claim.key_malformed", f"{public_key[:64]!r} is no public user nkey.")
    sha256 = code_sha256(code)
    asked = await control.site_of_code(sha256)
    if asked is None:
        raise HubRefused("claim.unknown", _DETAILS["claim.unknown"])
    shard = shards.get(asked.shard)
    if shard is None:
        raise HubRefused("shard.unavailable", f"No shard {asked.shard!r} is configured.")
    seen = await shard.epoch_seen(asked.org_id, asked.site_id)
    used = await control.use_claim(sha256, public_key, seen, credentials.claim)
    if used.claimed is None:
        raise HubRefused(used.refused, _DETAILS[used.refused])
    site = used.claimed.site
    if used.claimed.epoch > 1:  # there is a box to fence, before this one may ask where to begin
        await shard.grant(site.org_id, site.site_id, used.claimed.epoch)
    return ClaimAnswer(
        org_id=site.org_id,
        site_id=site.site_id,
        epoch=used.claimed.epoch,
        site_name=site.name,
        currency=site.currency,
        time_zone=site.time_zone,
        cut_over_minutes=site.cut_over_minutes,
        jwt=credentials.jwt(site.org_id, site.site_id, public_key),
        nats_urls=nats_urls,
        claim=used.claimed.token,
        issuers=list(credentials.issuers),
    )
