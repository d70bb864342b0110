"""Enrolment against a hub that answers as the test says: what is written, what a repeat does, what errors say."""

import json
import stat
import tomllib
from typing import Any

import httpx
import pytest

from edge.box import read_box
from provisioning.enroll import enroll
from provisioning.keys import KeyPair, new_account, new_user
from shared.operator_error import OperatorError
from shared.protocol.claim import ClaimError
from shared.protocol.keys import is_user_key
from shared.protocol.nats_jwt import split_creds
from tests.support.boxes import claim_token, new_id

HUB = "https://hub.example.com"


class _Hub:
    """Answers claims with `status` and `body`; remembers what it was asked."""

    def __init__(self, status: int = 200, body: object = None, *, lose: int = 0) -> None:
        self.status = status
        self.lose = lose
        self.asked: list[dict] = []
        self.body = body if body is not None else {
            "org_id": new_id(), "site_id": new_id(), "epoch": 3, "site_name": 'Café "Linden"\\', "currency": "EUR", "time_zone": "Europe/Berlin",
            "cut_over_minutes": 240, "jwt": "a.b.c", "nats_urls": ["tls://one:4222", "tls://two:4222"], "added_by_a_newer_hub": 1,
        }  # fmt: skip

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/claims"
        self.asked.append(json.loads(request.content))
        if len(self.asked) <= self.lose:
            raise httpx.ReadTimeout("the answer was lost")
        return httpx.Response(self.status, json=self.body)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def test_a_box_gets_its_papers_and_only_its_owner_can_read_them(tmp_path):
    hub, box = _Hub(), tmp_path / "box"
    enroll(HUB, " K7QX-2M4D\n", box, transport=hub.transport)
    papers = tomllib.loads((box / "box.toml").read_text())
    assert isinstance(hub.body, dict)
    assert {name: papers[name] for name in papers if name != "public_key"} == {
        name: value for name, value in hub.body.items() if name not in ("jwt", "added_by_a_newer_hub")
    } | {"claim": "", "issuers": [], "hub_url": HUB}, "a hub of release 0.2 signs no claims"
    assert hub.asked == [{"code": "K7QX-2M4D", "public_key": papers["public_key"]}]
    assert is_user_key(papers["public_key"])
    jwt, seed = split_creds((box / "box.creds").read_text())
    assert (jwt, seed[:2]) == ("a.b.c", "SU")
    assert sorted(path.name for path in box.iterdir()) == ["box.creds", "box.toml"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in box.iterdir())


def _signed(asked: dict, *, issuer: KeyPair, epoch: int = 3, key: str = "") -> dict:
    """The answer of a hub that signs claims."""
    org_id, site_id = new_id(), new_id()
    token = claim_token(issuer, org_id, site_id, epoch, key or asked["public_key"])
    return {
        "org_id": org_id, "site_id": site_id, "epoch": 3, "site_name": "Linden", "currency": "EUR", "time_zone": "Europe/Berlin",
        "cut_over_minutes": 240, "jwt": "a.b.c", "nats_urls": ["tls://one:4222"], "claim": token, "issuers": [issuer.public],
    }  # fmt: skip


def _hub_that_signs(**fields: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(200, json=_signed(json.loads(request.content), **fields)))


def test_a_signed_claim_is_kept_with_those_whose_claims_the_box_believes(tmp_path):
    issuer = new_account()
    enroll(f"{HUB}/", "code", tmp_path / "box", transport=_hub_that_signs(issuer=issuer))
    box = read_box(tmp_path / "box")
    assert box.read_claim is not None
    claim = box.read_claim(box.claim)
    assert (claim.org, claim.site, claim.epoch, claim.key) == (box.org_id, box.site_id, 3, box.public_key)
    assert box.hub_url == HUB
    with pytest.raises(ClaimError, match=r"claim\.untrusted"):
        box.read_claim(claim_token(new_account(), box.org_id, box.site_id, 4))


@pytest.mark.parametrize("wrong", [{"epoch": 4}, {"key": new_user().public}])
def test_a_claim_that_is_not_for_this_box_is_not_taken(tmp_path, wrong):
    with pytest.raises(OperatorError, match=r"hub\.answer_unfit"):
        enroll(HUB, "code", tmp_path / "box", transport=_hub_that_signs(issuer=new_account(), **wrong))
    assert not (tmp_path / "box" / "box.toml").exists()


def test_the_private_key_never_leaves_the_box(tmp_path):
    hub = _Hub()
    enroll(HUB, "code", tmp_path / "box", transport=hub.transport)
    assert split_creds((tmp_path / "box" / "box.creds").read_text())[1] not in json.dumps(hub.asked)


def test_a_box_that_is_enrolled_is_left_as_it_is(tmp_path):
    hub, box = _Hub(), tmp_path / "box"
    enroll(HUB, "code", box, transport=hub.transport)
    before = {path.name: path.read_bytes() for path in box.iterdir()}
    with pytest.raises(OperatorError, match=r"box\.enrolled"):
        enroll(HUB, "another", box, transport=hub.transport)
    assert {path.name: path.read_bytes() for path in box.iterdir()} == before
    assert len(hub.asked) == 1, "the hub was not even asked"


def test_after_a_lost_answer_the_same_key_claims_again(tmp_path):
    hub, box = _Hub(lose=1), tmp_path / "box"
    with pytest.raises(OperatorError, match=r"hub\.unreachable"):
        enroll(HUB, "code", box, transport=hub.transport)
    assert not (box / "box.toml").exists()
    enroll(HUB, "code", box, transport=hub.transport)
    assert hub.asked[0] == hub.asked[1]


def test_a_code_that_was_used_is_refused_in_the_words_of_the_hub(tmp_path):
    hub = _Hub(409, {"code": "claim.used", "title": "Used.", "detail": "This code was used at 12:04.", "hint": "Ask for a new one."})
    with pytest.raises(OperatorError) as caught:
        enroll(HUB, "code", tmp_path / "box", transport=hub.transport)
    assert (caught.value.code, caught.value.detail, caught.value.hint) == (
        "claim.used",
        "This code was used at 12:04.",
        "Ask for a new one.",
    )
    assert not (tmp_path / "box" / "box.toml").exists()


def test_what_is_no_problem_document_is_still_told_plainly(tmp_path):
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>bad gateway</html>"))
    with pytest.raises(OperatorError, match=r"hub\.refused.*502"):
        enroll(HUB, "code", tmp_path / "box", transport=transport)


@pytest.mark.parametrize("body", [{}, {"org_id": 1}, [], {"org_id": "x", "site_id": "y", "epoch": 1, "site_name": "", "currency": "EUR",
                         "time_zone": "UTC", "cut_over_minutes": 0, "jwt": "", "nats_urls": ["n"]}])  # fmt: skip
def test_an_answer_that_does_not_fit_writes_no_papers(tmp_path, body):
    with pytest.raises(OperatorError, match=r"hub\.answer_unfit"):
        enroll(HUB, "code", tmp_path / "box", transport=_Hub(200, body).transport)
    assert not (tmp_path / "box" / "box.toml").exists()


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://hub.example.com", "hub.insecure"), ("http://10.0.0.1:8000", "hub.insecure"), ("hub.example.com", "hub.url"), ("", "hub.url")],
)
def test_a_code_goes_over_tls_or_nowhere(tmp_path, url, code):
    with pytest.raises(OperatorError) as caught:
        enroll(url, "code", tmp_path / "box", transport=_Hub().transport)
    assert caught.value.code == code
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:18202", "http://localhost:18202/", "http://[::1]:18202"])
def test_loopback_needs_no_tls(tmp_path, url):
    enroll(url, "code", tmp_path / "box", transport=_Hub().transport)


def test_a_directory_that_cannot_be_written_is_a_plain_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OperatorError, match=r"box\.unwritable"):
        enroll(HUB, "code", tmp_path / "file" / "box", transport=_Hub().transport)
