"""The scoped signing key of the account: it makes the credentials of boxes, and signs their claims.

What lives here: reading the seed from its file, the value `BoxCredentials` of hub/app over it, and which issuers of claims the hub
believes. What the credentials allow stands in the account's template (shared/protocol/nats_jwt.py).
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import nkeys

from hub.app.errors import HubRefused
from hub.app.ports import BoxCredentials
from shared.operator_error import OperatorError
from shared.protocol.claim import Claim, ReadClaim, open_claim, seal_claim
from shared.protocol.keys import verify_issuer
from shared.protocol.nats_jwt import box_tags, scoped_user_jwt

__all__ = ["box_credentials", "claim_reader"]


def box_credentials(signing_key: Path | None, account_key: str, claim_issuers: Sequence[str] = ()) -> BoxCredentials:
    """What signs the JWT and the claim of a box. Without a key every claim is refused, the rest of the API works. Raises OperatorError."""
    if signing_key is None or not account_key:

        def refuse(*_: object) -> NoReturn:
            raise HubRefused("claims.disabled", "No signing key is set.")

        return BoxCredentials(refuse, refuse)
    pair, ours = _pair(signing_key)

    def jwt(org_id: str, site_id: str, public_key: str) -> str:
        return scoped_user_jwt(ours, pair.sign, account_key, public_key, f"box of {site_id}", box_tags(org_id, site_id), int(time.time()))

    def claim(org_id: str, site_id: str, epoch: int, public_key: str) -> str:
        granted = Claim(org=org_id, site=site_id, epoch=epoch, key=public_key, issued_at_ms=time.time_ns() // 1_000_000)
        return seal_claim(granted, ours, pair.sign)

    return BoxCredentials(jwt, claim, _trusted(ours, claim_issuers))


def claim_reader(signing_key: Path | None, claim_issuers: Sequence[str]) -> ReadClaim | None:
    """Reads tokens of the issuers that are set, by default those of our own key; None when there is neither. Raises OperatorError."""
    if not claim_issuers and signing_key is None:
        return None
    issuers = tuple(claim_issuers) if signing_key is None else _trusted(_pair(signing_key)[1], claim_issuers)
    return lambda token: open_claim(token, issuers, verify_issuer)


def _trusted(ours: str, others: Sequence[str]) -> tuple[str, ...]:
    """What we sign ourselves is believed whatever is set."""
    return tuple(dict.fromkeys((ours, *others)))


def _pair(signing_key: Path) -> tuple[Any, str]:
    """(the pair, its public key)."""
    try:
        pair = nkeys.from_seed(bytearray(signing_key.read_text(encoding="utf-8").strip().encode()))
        return pair, bytes(pair.public_key).decode()
    except (OSError, ValueError, nkeys.NkeysError) as error:
        raise OperatorError(
            "hub.signing_key",
            f"{signing_key} holds no signing key: {error}",
            "COMANDA_HUB_SIGNING_KEY names the file signing.seed of nats-init.",
        ) from error
