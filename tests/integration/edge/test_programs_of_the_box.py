"""What the programs beside the API tell and ask on its socket: mirrors, keepsakes, commands of the hub, lag."""

import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest

from tests.integration.edge.till import MENU
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox

HOUR_MS = 3_600_000


@pytest.fixture
def mirror(box: httpx.Client) -> Iterator[httpx.Client]:
    """The box's socket, without a mirror when the test is over."""
    yield box
    box.delete("/v1/followers/mirror")


def open_check(client: httpx.Client) -> str:
    """Its position."""
    command = {"type": "OpenCheck", "check_id": new_id(), "table_id": "1"}
    return str(client.post("/v1/commands", json={"id": new_id(), "command": command}).json()["position"])


def follower(client: httpx.Client) -> dict[str, object]:
    (found,) = client.get("/v1/status").json()["followers"]
    return found


def test_a_mirror_tells_where_it_stands_and_how_long_ago(client: httpx.Client, mirror: httpx.Client) -> None:
    position = open_check(client)
    assert mirror.put("/v1/followers/mirror", json={"position": position}).status_code == 204
    found = follower(client)
    assert (found["name"], found["position"], found["behind_entries"], found["alarm"]) == ("mirror", position, 0, "")
    assert isinstance(found["age_s"], float)
    open_check(client)
    assert follower(client)["behind_entries"] == 1


def test_a_mirror_on_another_branch_is_an_alarm_and_not_a_position(client: httpx.Client, mirror: httpx.Client) -> None:
    position = open_check(client)
    mirror.put("/v1/followers/mirror", json={"position": position})
    foreign = position.rsplit(".", 1)[0] + "." + "0" * 64
    assert mirror.put("/v1/followers/mirror", json={"position": foreign, "alarm": "mirror.fork"}).status_code == 204
    assert follower(client)["position"] == position
    assert "mirror.fork" in client.get("/v1/status").json()["alarms"]
    assert mirror.put("/v1/followers/mirror", json={"position": foreign}).status_code == 204
    assert follower(client)["alarm"] == "feed.fork"


def test_names_that_are_the_boxs_own_or_none_are_refused(client: httpx.Client, box: httpx.Client) -> None:
    for name in ("fence", "Mirror", "x" * 40):
        assert box.put(f"/v1/followers/{name}", json={"position": ""}).status_code in (400, 404)
    assert box.put("/v1/followers/fence", json={"position": ""}).json()["code"] == "follower.unknown"
    assert box.delete("/v1/followers/standby").json()["code"] == "follower.unknown"
    assert client.put("/v1/followers/mirror", json={"position": ""}).json()["code"] == "device.box_only"


def test_no_more_followers_than_a_box_shows(box: httpx.Client) -> None:
    names = [f"mirror-{number}" for number in range(30)]
    answers = [box.put(f"/v1/followers/{name}", json={"position": ""}) for name in names]
    assert answers[-1].json()["code"] == "follower.too_many"
    for name, answer in zip(names, answers, strict=True):
        assert box.delete(f"/v1/followers/{name}").status_code == (204 if answer.status_code == 204 else 404)


def test_what_a_replacement_needs_is_shown_to_the_box_alone(client: httpx.Client, box: httpx.Client) -> None:
    kinds = [each["kind"] for each in box.get("/v1/keepsakes").json()]
    assert kinds == ["devices", "menu"]
    version = box.get("/v1/keepsakes").json()[1]["version"]
    assert msgspec.json.decode(box.get(f"/v1/keepsakes/{version}").content)["name"] == MENU.name
    assert box.get(f"/v1/keepsakes/{'0' * 64}").json()["code"] == "keepsake.unknown"
    assert client.get("/v1/keepsakes").json()["code"] == "device.box_only"
    assert client.get(f"/v1/keepsakes/{version}").json()["code"] == "device.box_only"


def carried(id: str, command: dict[str, object], expires_in_ms: int = HOUR_MS) -> dict[str, object]:
    return {"id": id, "command": command, "expires_at_ms": time.time_ns() // 1_000_000 + expires_in_ms}


def test_a_command_that_the_hub_may_not_say_is_refused_and_the_refusal_told_until_the_hub_knows(
    client: httpx.Client, box: httpx.Client
) -> None:
    one, two = new_id(), new_id()
    order = {"type": "OpenCheck", "check_id": new_id()}
    answer = box.post("/v1/hub-commands", json={"commands": [carried(one, order), carried(two, order, -1)]})
    assert [(each["command_id"], each["outcome"], each["code"]) for each in answer.json()["results"]] == [
        (one, "refused", "permission.missing"),
        (two, "refused", "hub_command.expired"),
    ]
    refused = client.get("/v1/status").json()["refused_commands"]
    assert (refused[one], refused[two]) == ("permission.missing", "hub_command.expired")
    assert client.post("/v1/hub-commands", json={"commands": []}).json()["code"] == "device.box_only"


def test_lag_is_told_in_entries_and_in_seconds(client: httpx.Client, box: httpx.Client, shared_edge: EdgeBox) -> None:
    position = open_check(client)
    open_check(client)
    assert box.put("/v1/followers/cloud", json={"position": position, "incarnation": "i", "link": "sending"}).status_code == 204
    status = client.get("/v1/status").json()
    assert (status["pending_entries"], status["oldest_pending_age_s"] >= 0) == (1, True)
    metrics = httpx.get(f"{shared_edge.url}/metrics").text
    assert "comanda_edge_pending_entries 1.0" in metrics
    assert "comanda_edge_oldest_pending_seconds" in metrics
    assert "comanda_edge_fenced 0.0" in metrics
    head = status["head"]
    box.put("/v1/followers/cloud", json={"position": head, "incarnation": "i", "link": "sending", "backed_up": 1})
    status = client.get("/v1/status").json()
    assert (status["pending_entries"], status["oldest_pending_age_s"], status["backed_up"]) == (0, None, 1)


def test_a_list_of_checks_tells_how_far_the_cloud_must_be_for_each(client: httpx.Client) -> None:
    sequence = int(open_check(client).split(".")[1])
    listed = client.get("/v1/checks").json()
    assert len(listed["checks"]) == len(listed["check_sequences"])
    assert listed["check_sequences"][-1] == sequence
