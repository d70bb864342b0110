"""The tokens of NATS as pure functions: what they say, who signed them, what a box is granted."""

import base64
import hashlib

import msgspec
import pytest

from provisioning.keys import new_account, new_operator, new_user
from shared.protocol import nats_jwt
from shared.protocol.subjects import MAPPING, box_permissions

AT = 1_800_000_000
ORG, SITE = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"


def _decode(token: str) -> tuple[dict, dict, bytes, bytes]:
    head, body, signature = token.split(".")

    def raw(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    return msgspec.json.decode(raw(head)), msgspec.json.decode(raw(body)), raw(signature), f"{head}.{body}".encode()


def _account_token() -> tuple[dict, str]:
    operator, account, signing = new_operator(), new_account(), new_account()
    token = nats_jwt.account_jwt(operator.public, operator.sign, account.public, "APP", AT, signing_public=signing.public, jetstream=True)
    return _decode(token)[1], signing.public


def test_a_token_is_signed_by_its_issuer_and_its_id_is_the_hash_of_its_claims():
    operator, system = new_operator(), new_account()
    head, claims, signature, signed = _decode(nats_jwt.operator_jwt(operator.public, operator.sign, "comanda", system.public, AT))
    assert head == {"typ": "JWT", "alg": "ed25519-nkey"}
    assert signature == operator.sign(signed)
    assert (claims["iss"], claims["sub"], claims["iat"]) == (operator.public, operator.public, AT)
    assert claims["nats"] == {"type": "operator", "system_account": system.public, "version": 2}
    digest = hashlib.new("sha512_256", msgspec.json.encode(claims | {"jti": ""})).digest()
    assert claims["jti"] == base64.b32encode(digest).rstrip(b"=").decode()


def test_the_same_arguments_make_the_same_token():
    account, user = new_account(), new_user()
    tokens = {nats_jwt.user_jwt(account.public, account.sign, user.public, "hub", AT) for _ in range(2)}
    assert len(tokens) == 1


def test_the_template_of_the_signing_key_grants_what_a_box_may_do_and_nothing_else():
    claims, signing_public = _account_token()
    (scope,) = claims["nats"]["signing_keys"]
    publish, subscribe = box_permissions("{{tag(org)}}", "{{tag(site)}}")
    assert (scope["kind"], scope["key"]) == ("user_scope", signing_public)
    assert scope["template"]["pub"] == {"allow": publish}
    assert scope["template"]["sub"] == {"allow": subscribe}
    assert scope["template"]["subs"] > 0, "a box may not subscribe without bound"


def test_the_account_maps_the_journal_onto_lanes():
    claims, _ = _account_token()
    source, destination = MAPPING
    assert claims["nats"]["mappings"] == {source: [{"subject": destination, "weight": 100}]}


def test_an_account_without_jetstream_has_no_storage():
    operator, account = new_operator(), new_account()
    claims = _decode(nats_jwt.account_jwt(operator.public, operator.sign, account.public, "SYS", AT))[1]
    assert "disk_storage" not in claims["nats"]["limits"]
    assert "signing_keys" not in claims["nats"]


def test_a_scoped_user_carries_tags_and_no_permissions_of_its_own():
    account, signing, user = new_account(), new_account(), new_user()
    token = nats_jwt.scoped_user_jwt(signing.public, signing.sign, account.public, user.public, "box", nats_jwt.box_tags(ORG, SITE), AT)
    claims = _decode(token)[1]
    assert claims["iss"] == signing.public
    assert claims["nats"] == {"type": "user", "issuer_account": account.public, "tags": [f"org:{ORG}", f"site:{SITE}"], "version": 2}


def test_a_revocation_stands_in_the_account():
    operator, account, user = new_operator(), new_account(), new_user()
    token = nats_jwt.account_jwt(operator.public, operator.sign, account.public, "APP", AT, revoked={user.public: AT})
    assert _decode(token)[1]["nats"]["revocations"] == {user.public: AT}


def test_a_credentials_file_gives_back_what_was_put_in():
    user = new_user()
    assert nats_jwt.split_creds(nats_jwt.creds_file("head.body.signature", user.seed)) == ("head.body.signature", user.seed)


@pytest.mark.parametrize("text", ["", "-----BEGIN NATS USER JWT-----", "-----BEGIN NATS USER JWT-----\na.b.c\n"])
def test_what_is_no_credentials_file_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="no NATS credentials file"):
        nats_jwt.split_creds(text)
