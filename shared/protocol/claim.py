"""Claims as a box carries them: the hub's signed word that a key speaks for a site under an epoch (Law 6).

What lives here: the claim as a token and back. Boxes show theirs to the hub and to devices; whoever holds the issuer's public key
can tell which of two boxes is the present one, without asking anybody. Who is granted an epoch is decided in the hub.
"""

import base64
import binascii
from collections.abc import Callable, Collection
from typing import Annotated

import msgspec

from shared.limits import CLAIM_TOKEN_CHARS_MAX
from shared.protocol.entry import EPOCH_MAX
from shared.protocol.envelope import Sign, Verify

__all__ = ["Claim", "ClaimError", "ReadClaim", "open_claim", "seal_claim"]

_TAG = b"comanda.claim.v1\x00"


class ClaimError(ValueError):
    """A token that is no claim of an issuer we trust. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who may write a site's journal from this epoch on. `key` is the box's public user nkey; `issued_at_ms` is UTC."""

    org: str
    site: str
    epoch: Annotated[int, msgspec.Meta(ge=1, le=EPOCH_MAX)]
    key: str
    issued_at_ms: int
    v: int = 1


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    issuer: str
    signature: bytes
    payload: bytes


ReadClaim = Callable[[str], Claim]
"""A token's claim, its issuer checked. Raises ClaimError."""

_encode = msgspec.msgpack.Encoder().encode
_signed_decoder = msgspec.msgpack.Decoder(_Signed)
_claim_decoder = msgspec.msgpack.Decoder(Claim)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError)


def seal_claim(claim: Claim, issuer: str, sign: Sign) -> str:
    """The token: URL-safe base64 over MessagePack of issuer (`A…`), signature and claim. `sign` holds the issuer's key."""
    payload = _encode(claim)
    return base64.urlsafe_b64encode(_encode(_Signed(issuer, sign(_TAG + payload), payload))).decode().rstrip("=")


def open_claim(token: str, issuers: Collection[str], verify: Verify) -> Claim:
    """The claim in a token of one of `issuers` (public keys). Raises ClaimError `claim.malformed`, `claim.untrusted`,
    `claim.bad_signature`."""
    if not token or len(token) > CLAIM_TOKEN_CHARS_MAX:
        raise ClaimError("claim.malformed", f"A claim has 1 to {CLAIM_TOKEN_CHARS_MAX} characters, this one {len(token)}.")
    try:
        signed = _signed_decoder.decode(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        claim = _claim_decoder.decode(signed.payload)
    except _UNREADABLE as error:
        raise ClaimError("claim.malformed", f"The claim cannot be read: {error}") from error
    if signed.issuer not in issuers:
        raise ClaimError("claim.untrusted", "The claim was issued by a hub that is not known here.")
    if not verify(signed.issuer, signed.signature, _TAG + signed.payload):
        raise ClaimError("claim.bad_signature", "The signature does not fit the claim.")
    return claim
