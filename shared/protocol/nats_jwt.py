"""NATS JWTs (version 2) as pure functions: operator, account and user claims, and the credentials file.

What lives here: how an identity of NATS is written down and signed, and what of it a box is granted. Keys come as public
nkeys (`O…`, `A…`, `U…`) and as the port `Sign`; times are passed in. Files, clocks, randomness and servers are not known
here. Format: https://docs.nats.io/reference/reference-protocols/nats-protocol (claims as nats-io/jwt v2 writes them).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from shared.limits import (
    BOX_SUBSCRIPTIONS_MAX,
    JETSTREAM_CONSUMERS_MAX,
    JETSTREAM_DISK_BYTES_MAX,
    JETSTREAM_MEMORY_BYTES_MAX,
    JETSTREAM_STREAMS_MAX,
    NATS_PAYLOAD_BYTES_MAX,
)
from shared.protocol.envelope import Sign
from shared.protocol.subjects import MAPPING, box_permissions

__all__ = ["account_jwt", "box_tags", "creds_file", "operator_jwt", "scoped_user_jwt", "split_creds", "user_jwt"]

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
_VERSION = 2
_UNLIMITED = {"subs": -1, "data": -1, "payload": -1}
_JWT_MARK, _SEED_MARK = "NATS USER JWT", "USER NKEY SEED"


def operator_jwt(operator_public: str, sign: Sign, name: str, system_account: str, issued_at: int) -> str:
    """The operator's own token, signed by itself. `issued_at` is in seconds since 1970, here as in all of them."""
    return _encode(operator_public, sign, operator_public, name, issued_at, {"type": "operator", "system_account": system_account})


def account_jwt(
    operator_public: str,
    sign: Sign,
    account_public: str,
    name: str,
    issued_at: int,
    *,
    signing_public: str = "",
    jetstream: bool = False,
    revoked: Mapping[str, int] | None = None,
) -> str:
    """An account, signed by the operator.

    With `signing_public` (`A…`) it carries that scoped signing key and the mapping of the uplink: a user signed by the key
    gets what `box_permissions` grants for its tags `org` and `site`, and nothing else, whatever it claims. `revoked` maps
    a user's public key (or `*`) to the second up to which its tokens are void.
    """
    limits: dict[str, object] = {**_UNLIMITED, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
    if jetstream:
        limits |= {
            "mem_storage": JETSTREAM_MEMORY_BYTES_MAX,
            "disk_storage": JETSTREAM_DISK_BYTES_MAX,
            "streams": JETSTREAM_STREAMS_MAX,
            "consumer": JETSTREAM_CONSUMERS_MAX,
        }
    claims: dict[str, object] = {"type": "account", "limits": limits, "default_permissions": {"pub": {}, "sub": {}}}
    if signing_public:
        source, destination = MAPPING
        claims["signing_keys"] = [_box_scope(signing_public)]
        claims["mappings"] = {source: [{"subject": destination, "weight": 100}]}
    if revoked:
        claims["revocations"] = dict(revoked)
    return _encode(operator_public, sign, account_public, name, issued_at, claims)


def _box_scope(signing_public: str) -> dict[str, object]:
    """The template of the scoped signing key. NATS fills in the tags; it lowers their case, as UUIDs have it anyway."""
    publish, subscribe = box_permissions("{{tag(org)}}", "{{tag(site)}}")
    template = {
        "subs": BOX_SUBSCRIPTIONS_MAX,
        "data": -1,
        "payload": NATS_PAYLOAD_BYTES_MAX,
        "pub": {"allow": publish},
        "sub": {"allow": subscribe},
    }
    return {"kind": "user_scope", "key": signing_public, "role": "box", "template": template}


def user_jwt(
    account_public: str,
    sign: Sign,
    user_public: str,
    name: str,
    issued_at: int,
    *,
    publish: Sequence[str] | None = None,
    subscribe: Sequence[str] | None = None,
) -> str:
    """A user signed by the account's own key, for the processes of the hub. None allows every subject of the account."""
    claims: dict[str, object] = {
        "type": "user",
        **_UNLIMITED,
        "pub": {} if publish is None else {"allow": list(publish)},
        "sub": {} if subscribe is None else {"allow": list(subscribe)},
    }
    return _encode(account_public, sign, user_public, name, issued_at, claims)


def box_tags(org_id: str, site_id: str) -> list[str]:
    """The tags of a box's user: what the template of the signing key is filled in with."""
    return [f"org:{org_id}", f"site:{site_id}"]


def scoped_user_jwt(
    signing_public: str, sign: Sign, account_public: str, user_public: str, name: str, tags: Sequence[str], issued_at: int
) -> str:
    """A user whose permissions are those of the scoped signing key that signs it, filled in with `tags` (`box_tags`).

    It must carry no permissions or limits of its own: the server refuses a scoped user that does.
    """
    claims: dict[str, object] = {"type": "user", "issuer_account": account_public, "tags": list(tags)}
    return _encode(signing_public, sign, user_public, name, issued_at, claims)


def creds_file(jwt: str, seed: str) -> str:
    """The text of a credentials file, as every NATS client reads it. It holds a private key: write it with mode 0600."""
    return (
        f"-----BEGIN {_JWT_MARK}-----\n{jwt}\n------END {_JWT_MARK}------\n\n"
        "************************* IMPORTANT *************************\n"
        "The seed below is a private key. It never leaves this machine.\n\n"
        f"-----BEGIN {_SEED_MARK}-----\n{seed}\n------END {_SEED_MARK}------\n"
    )


def split_creds(text: str) -> tuple[str, str]:
    """(jwt, seed) of a credentials file; ValueError with a sentence when either is missing."""
    return _between(text, _JWT_MARK), _between(text, _SEED_MARK)


def _between(text: str, mark: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines[:-1]):
        if line.startswith("-") and line.strip("-") == f"BEGIN {mark}":
            return lines[number + 1]
    raise ValueError(f"this is no NATS credentials file: it has no {mark}")


def _encode(issuer: str, sign: Sign, subject: str, name: str, issued_at: int, claims: dict[str, object]) -> str:
    """Header, payload and signature. The `jti` is the SHA-512/256 of the payload with an empty one, in base32."""
    payload = {"jti": "", "iat": issued_at, "iss": issuer, "name": name, "sub": subject, "nats": claims | {"version": _VERSION}}
    digest = hashlib.new("sha512_256", msgspec.json.encode(payload)).digest()
    payload["jti"] = base64.b32encode(digest).rstrip(b"=").decode()
    signed = f"{_part(msgspec.json.encode(_HEADER))}.{_part(msgspec.json.encode(payload))}"
    return f"{signed}.{_part(sign(signed.encode()))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
