"""Enrolment at a real hub: a code opens one site to one box, once, and the credentials reach that site's subjects."""

import tomllib

import httpx
import pytest
from nats.aio.client import Client, RawCredentials

from edge.box import read_box
from provisioning.keys import new_user
from shared.protocol import subjects
from tests.support.broker import settle
from tests.support.programs import run
from tests.support.waiting import eventually


@pytest.fixture
def running_hub(hub):
    hub.migrate()
    hub.api.start()
    eventually(hub.is_ready, "the hub's API is ready")
    return hub


async def test_a_code_works_once_and_each_claim_gets_the_next_epoch(running_hub, short_dir):
    org_id, site_id = running_hub.add_site("Enrolled")
    code = running_hub.command("site", "claim", site_id)["code"]
    first, second, third = (short_dir / name for name in ("first", "second", "third"))

    done = run("provision", "enroll", "--hub", running_hub.url, "--code", code, "--data-dir", first)
    assert done.returncode == 0, done.stderr
    papers = tomllib.loads((first / "box.toml").read_text())
    assert (papers["org_id"], papers["site_id"], papers["epoch"]) == (org_id, site_id, 1)

    used = run("provision", "enroll", "--hub", running_hub.url, "--code", code, "--data-dir", second)
    assert used.returncode == 1
    assert used.stderr.startswith("error: claim.")
    assert "hint: " in used.stderr
    assert not (second / "box.toml").exists()

    assert running_hub.enroll(site_id, third)["epoch"] == 2
    old, present = read_box(first), read_box(third)
    assert old.read_claim is not None, "the hub signs claims"
    assert old.read_claim(present.claim).epoch == 2, "the old box can be shown that it was replaced"
    assert old.hub_url == running_hub.url
    await _speaks_for(running_hub.broker.url, (first / "box.creds").read_text(), org_id, site_id)


async def _speaks_for(url: str, credentials: str, org_id: str, site_id: str) -> None:
    errors: list[str] = []

    async def keep(error: Exception) -> None:
        errors.append(str(error))

    client = Client()
    await client.connect(
        url, user_credentials=RawCredentials(credentials), error_cb=keep, allow_reconnect=False,
        inbox_prefix=subjects.inbox_prefix(site_id).encode(),
    )  # fmt: skip
    try:
        await client.subscribe(subjects.answers(org_id, site_id))
        await client.publish(subjects.hello(org_id, site_id), b"")
        await settle(client)
        assert errors == []
    finally:
        await client.close()


def test_an_expired_code_is_refused(running_hub, postgres, short_dir):
    _, site_id = running_hub.add_site("Late")
    code = running_hub.command("site", "claim", site_id)["code"]
    postgres.server.superuser_sql("update claims set expires_at = now() - interval '1 second'", running_hub.control.name)
    done = run("provision", "enroll", "--hub", running_hub.url, "--code", code, "--data-dir", short_dir / "box")
    assert (done.returncode, done.stderr[:13]) == (1, "error: claim."), done.stderr
    assert not (short_dir / "box" / "box.toml").exists()


def test_a_claim_whose_answer_was_lost_is_answered_again_to_the_same_key(running_hub):
    """The box keeps its key until the answer is on disk (Law 3): a repeat is no second claim, another key is."""
    _, site_id = running_hub.add_site("Twice")
    code = running_hub.command("site", "claim", site_id)["code"]
    key, other = new_user().public, new_user().public
    answers = [httpx.post(f"{running_hub.url}/v1/claims", json={"code": code, "public_key": public}) for public in (key, key, other)]
    assert [answer.is_success for answer in answers] == [True, True, False], [answer.text for answer in answers]
    assert answers[0].json()["epoch"] == answers[1].json()["epoch"] == 1


def test_a_hub_that_does_not_answer_is_a_plain_error(short_dir):
    done = run("provision", "enroll", "--hub", "http://127.0.0.1:1", "--code", "X", "--data-dir", short_dir / "box")
    assert done.returncode == 1
    assert done.stderr.startswith("error: hub.unreachable:")
    assert "Traceback" not in done.stderr
