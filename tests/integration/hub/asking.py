"""Asking the hub's API in this process.

What lives here: a client, tokens, and what a problem looks like. What is asked is the business of the tests.
"""

import httpx

from hub.api.app import make_app
from hub.api.state import ApiState
from hub.app.tenants import add_token
from hub.db.connect import sha256
from tests.support.boxes import new_id
from tests.support.hub_rig import HubRig
from tests.support.issuer import CREDENTIALS

__all__ = ["bearer", "client_of", "ensure_problem"]


def client_of(rig: HubRig) -> httpx.AsyncClient:
    state = ApiState(rig.stores.control, rig.stores.shards, CREDENTIALS, ["nats://broker:4222"])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=make_app(state), raise_app_exceptions=False), base_url="http://hub")


async def bearer(rig: HubRig, org_id: str | None = None) -> dict[str, str]:
    token = new_id()
    await add_token(rig.stores.control, sha256(token), org_id, "test")
    return {"authorization": f"Bearer {token}"}


def ensure_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
    assert problem["title"]
    assert problem["hint"]
    assert problem["type"] == f"urn:comanda:error:{code}"
