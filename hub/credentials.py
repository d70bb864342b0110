"""The scoped signing key of the account: it makes the credentials of boxes.

What lives here: reading the seed from its file, and the port `BoxCredentials` of hub/app over it. What the credentials allow
stands in the account's template (shared/protocol/nats_jwt.py).
"""

import time
from pathlib import Path

import nkeys

from hub.app.claims import BoxCredentials
from hub.app.errors import HubRefused
from shared.operator_error import OperatorError
from shared.protocol.nats_jwt import box_tags, scoped_user_jwt

__all__ = ["box_credentials"]


def box_credentials(signing_key: Path | None, account_key: str) -> BoxCredentials:
    """What signs the JWT of a box. Without a key every claim is refused, the rest of the API works. Raises OperatorError."""
    if signing_key is None or not account_key:

        def refuse(org_id: str, site_id: str, public_key: str) -> str:
            raise HubRefused("claims.disabled", "No signing key is set.")

        return refuse
    try:
        pair = nkeys.from_seed(bytearray(signing_key.read_text(encoding="utf-8").strip().encode()))
        signing_public = bytes(pair.public_key).decode()
    except (OSError, ValueError, nkeys.NkeysError) as error:
        raise OperatorError(
            "hub.signing_key",
            f"{signing_key} holds no signing key: {error}",
            "COMANDA_HUB_SIGNING_KEY names the file signing.seed of nats-init.",
        ) from error

    def sign(org_id: str, site_id: str, public_key: str) -> str:
        return scoped_user_jwt(
            signing_public, pair.sign, account_key, public_key, f"box of {site_id}", box_tags(org_id, site_id), int(time.time())
        )

    return sign
