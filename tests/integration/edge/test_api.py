"""The API of a running box, over TCP and over its Unix socket, with good and bad requests."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest

from shared.domain.check import AddLine, OpenCheck, SendCheck, VoidLine
from shared.domain.check.changing import ChangeLine
from shared.limits import BATCH_COMMANDS_MAX, REQUEST_BYTES_MAX
from tests.integration.edge.till import body_of, order
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox
from tests.unit.shared.domain.world import MENU


def problem(answer: httpx.Response) -> tuple[int, str]:
    """(status, code) of a refusal, after proving that it is told as RFC 9457 wants it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["type"] == f"urn:comanda:error:{said['code']}"
    assert said["title"]
    assert said["hint"]
    assert "Traceback" not in answer.text
    return answer.status_code, said["code"]


@pytest.fixture(autouse=True)
def no_defect(shared_edge: EdgeBox) -> Any:
    """Whatever a test sends, the box must not trip over it."""
    before = len(shared_edge.serve.log_text())
    yield
    said = shared_edge.serve.log_text()[before:]
    assert "Traceback" not in said, said
    assert "defect" not in said, said
    assert shared_edge.serve.is_running


# --- service -------------------------------------------------------------------------------------


def test_a_check_from_opening_to_close_and_what_readers_then_see(client: httpx.Client) -> None:
    before = client.get("/v1/sales").json()["total"]
    answers = [client.post("/v1/commands", json=body_of(each)) for each in order()]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    check_id = answers[0].json()["events"][0]["event"]["check_id"]
    view = client.get(f"/v1/checks/{check_id}").json()
    assert (view["status"], view["due_minor"], view["total_minor"]) == ("closed", 0, 1450)
    assert check_id not in {each["check_id"] for each in client.get("/v1/checks?status=open").json()["checks"]}
    assert check_id in {each["check_id"] for each in client.get("/v1/checks?status=closed").json()["checks"]}
    after = client.get("/v1/sales").json()["total"]
    assert (after["orders"] - before["orders"], after["gross_minor"] - before["gross_minor"]) == (1, 1450)
    tickets = [each for each in client.get("/v1/tickets").json()["tickets"] if each["check_id"] == check_id]
    assert {each["station"] for each in tickets} == {"kitchen", "bar"}
    assert {each["station"] for each in client.get("/v1/tickets?station=bar").json()["tickets"]} == {"bar"}


def test_a_batch_over_tcp_and_its_repeat_over_the_unix_socket_get_the_same_bytes(client: httpx.Client, box: httpx.Client) -> None:
    body = {"commands": [body_of(each) for each in order()]}
    first, again = client.post("/v1/batches", json=body), box.post("/v1/batches", json=body)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content


def test_a_repeat_gets_the_same_bytes_and_another_body_a_conflict(client: httpx.Client) -> None:
    body = body_of(OpenCheck(check_id=new_id()))
    first, again = client.post("/v1/commands", json=body), client.post("/v1/commands", json=body)
    assert first.content == again.content
    head = client.get("/v1/status").json()["head"]
    assert problem(client.post("/v1/commands", json=body_of(OpenCheck(check_id=new_id()), body["id"]))) == (409, "command.id_reused")
    assert client.get("/v1/status").json()["head"] == head


def test_a_batch_with_one_bad_command_names_it_and_writes_nothing(client: httpx.Client) -> None:
    head = client.get("/v1/status").json()["head"]
    commands = [body_of(each) for each in order()]
    commands[2]["command"]["item_id"] = "unicorn"
    answer = client.post("/v1/batches", json={"commands": commands})
    assert problem(answer) == (422, "item.unknown")
    assert answer.json()["failed_command"] == 2
    assert client.get("/v1/status").json()["head"] == head


def test_two_waiters_at_one_check_and_the_later_is_refused_with_what_the_other_did(client: httpx.Client, box: httpx.Client) -> None:
    """Anna sends the table while Ben's tablet still shows the soup as held: he cannot take it off, and sees at once why."""
    opening, soup, *_ = order(("soup",))
    assert client.post("/v1/batches", json={"commands": [body_of(opening), body_of(soup)]}).status_code == 200
    anna, ben = {"comanda-device": new_id()}, {"comanda-device": new_id()}
    check_id, line_id = opening.check_id, soup.line_id
    assert client.post("/v1/commands", json=body_of(SendCheck(check_id=check_id)), headers=anna).status_code == 200
    answer = client.post("/v1/commands", json=body_of(VoidLine(check_id=check_id, line_id=line_id)), headers=ben)
    assert problem(answer) == (409, "line.already_sent")
    current = answer.json()["facts"]["current"]
    assert [(line["line_id"], line["status"]) for line in current["lines"]] == [(line_id, "sent")]
    assert current == client.get(f"/v1/checks/{check_id}").json(), "it is the very check that a reader sees"
    wine = AddLine(check_id=check_id, line_id=new_id(), item_id="wine")
    both = [body_of(wine), body_of(VoidLine(check_id=check_id, line_id=line_id))]
    again = client.post("/v1/batches", json={"commands": both}, headers=ben)
    assert problem(again) == (409, "line.already_sent")
    assert (again.json()["failed_command"], again.json()["facts"]["current"]) == (1, current), "and nothing was written"


def test_two_waiters_change_one_line_and_the_later_decides_on_what_there_is_now(client: httpx.Client) -> None:
    opening, soup, *_ = order(("soup",))
    client.post("/v1/batches", json={"commands": [body_of(opening), body_of(soup)]})
    names = {"check_id": opening.check_id, "line_id": soup.line_id}
    assert client.post("/v1/commands", json=body_of(ChangeLine(**names, quantity=2, line_revision=0))).status_code == 200
    answer = client.post("/v1/commands", json=body_of(ChangeLine(**names, quantity=5, line_revision=0)))
    assert problem(answer) == (409, "line.changed")
    [line] = answer.json()["facts"]["current"]["lines"]
    assert (line["quantity"], line["revision"]) == (2, 1)
    again = body_of(ChangeLine(**names, quantity=5, line_revision=line["revision"]))
    assert client.post("/v1/commands", json=again).status_code == 200
    assert client.get(f"/v1/checks/{opening.check_id}").json()["lines"][0]["quantity"] == 5


def test_two_waiters_add_to_one_check_at_once_and_neither_line_is_lost(client: httpx.Client) -> None:
    check_id = new_id()
    client.post("/v1/commands", json=body_of(OpenCheck(check_id=check_id)))
    lines = [AddLine(check_id=check_id, line_id=new_id(), item_id=item) for item in ("soup", "wine") * 4]
    with ThreadPoolExecutor(len(lines)) as pool:
        answers = list(pool.map(lambda line: client.post("/v1/commands", json=body_of(line)).status_code, lines))
    assert answers == [200] * len(lines)
    held = client.get(f"/v1/checks/{check_id}").json()
    assert {line["line_id"] for line in held["lines"]} == {line.line_id for line in lines}
    assert held["total_minor"] == 4 * (650 + 800)


# --- bad input -----------------------------------------------------------------------------------

DEEP = b'{"id":"%s","command":%s}' % (b"0" * 36, b"[" * 200_000 + b"]" * 200_000)
OPEN = b'{"id":"%s","command":{"type":"OpenCheck","check_id":"%s","table_id":%s}}'


@pytest.mark.parametrize("path", ["/v1/commands", "/v1/batches"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "request.malformed"),
        (b"{", "request.malformed"),
        (b"null", "request.malformed"),
        (b"[]", "request.malformed"),
        (b"\xff\xfe", "request.malformed"),
        (b'{"id":1}', "request.malformed"),
        (b"[" * 100_000, "request.malformed"),
        (DEEP, "request.malformed"),
        (b'{"commands":[' + DEEP + b"]}", "request.malformed"),
        (b'{"commands":[]}', "request.malformed"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_400(client: httpx.Client, path: str, body: bytes, code: str) -> None:
    assert problem(client.post(path, content=body)) == (400, code)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b'"a\\u0000b"', (422, "text.control_character")),
        (b'"a\x00b"', (400, "request.malformed")),
        (b'"\xc3\x28"', (400, "command.malformed")),
        (b'"\\ud800"', (400, "command.malformed")),
        (b'"\\u001b[2J"', (422, "text.control_character")),
        (b'"' + b"x" * 65 + b'"', (400, "command.malformed")),
        (b"[" * 3_000 + b"]" * 3_000, (400, "command.malformed")),
    ],
)
def test_bad_text_in_a_command_is_refused(client: httpx.Client, table: bytes, expected: tuple[int, str]) -> None:
    answer = client.post("/v1/commands", content=OPEN % (new_id().encode(), new_id().encode(), table))
    assert problem(answer) == expected or problem(answer)[0] == 400


def test_an_unknown_item_is_refused_and_the_check_stays_as_it_was(client: httpx.Client) -> None:
    check_id = new_id()
    client.post("/v1/commands", json=body_of(OpenCheck(check_id=check_id)))
    answer = client.post("/v1/commands", json=body_of(AddLine(check_id=check_id, line_id=new_id(), item_id="unicorn")))
    assert problem(answer) == (422, "item.unknown")
    assert answer.json()["facts"] == {"item_id": "unicorn"}
    assert client.get(f"/v1/checks/{check_id}").json()["lines"] == []


def test_a_body_that_is_too_large_is_a_413_and_the_box_goes_on(client: httpx.Client) -> None:
    answer = client.post("/v1/commands", content=b'{"id":"' + b"x" * REQUEST_BYTES_MAX + b'"}')
    assert problem(answer) == (413, "request.too_large")
    assert client.get("/healthz").status_code == 200


def test_a_batch_of_too_many_commands_is_refused(client: httpx.Client) -> None:
    commands = [body_of(OpenCheck(check_id=new_id())) for _ in range(BATCH_COMMANDS_MAX + 1)]
    assert problem(client.post("/v1/batches", json={"commands": commands})) == (400, "request.malformed")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"]
)
def test_a_content_type_that_lies_breaks_nothing(client: httpx.Client, box: httpx.Client, content_type: str) -> None:
    """A command is read as JSON whatever it is called; a menu under a wrong name is refused or taken, never a defect."""
    headers = {b"content-type": content_type.encode("latin-1")}
    body = msgspec.json.encode(body_of(OpenCheck(check_id=new_id())))
    assert client.post("/v1/commands", content=body, headers=headers).status_code == 200
    answer = box.put("/v1/menu", content=msgspec.json.encode(MENU), headers=headers)
    assert answer.status_code == 200 or problem(answer)[0] in {400, 415}


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"name":"x","currency":"euro"}', b'{"name":"a\\u0000b","currency":"EUR"}']
)
def test_a_menu_that_is_none_is_refused(box: httpx.Client, body: bytes) -> None:
    status, code = problem(box.put("/v1/menu", content=body, headers={"content-type": "application/json"}))
    assert (status, code) in {(400, "menu.malformed"), (422, "menu.inconsistent")}


def test_a_menu_nested_without_end_is_refused(box: httpx.Client) -> None:
    nested = b'{"name":"x","currency":"EUR","items":' + b'[{"id":' * 100_000
    assert problem(box.put("/v1/menu", content=nested, headers={"content-type": "application/json"})) == (400, "menu.malformed")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/nothing", (404, "route.unknown")),
        ("DELETE", "/v1/commands", (405, "route.method")),
        ("GET", "/v1/checks/none", (404, "check.unknown")),
        ("GET", "/v1/checks/%00", (404, "check.unknown")),
        ("GET", "/v1/checks/" + "0" * 36, (404, "check.unknown")),
        ("GET", "/v1/checks?status=eaten", (400, "request.malformed")),
        ("GET", "/v1/checks?limit=0", (400, "request.malformed")),
        ("GET", "/v1/checks?limit=x", (400, "request.malformed")),
        ("GET", "/v1/checks?limit=99999999999999999999", (400, "request.malformed")),
        ("GET", "/v1/sales?from_date=yesterday", (400, "request.malformed")),
        ("GET", "/v1/sales?from_date=2026-02-30", (400, "request.malformed")),
        ("GET", "/v1/sales?to_date=%00", (400, "request.malformed")),
    ],
)
def test_what_there_is_not_is_told_with_a_code(client: httpx.Client, method: str, path: str, expected: tuple[int, str]) -> None:
    assert problem(client.request(method, path)) == expected


# --- who may -------------------------------------------------------------------------------------


def test_a_web_page_from_elsewhere_is_not_trusted_though_it_runs_on_this_machine(client: httpx.Client) -> None:
    port = client.base_url.port
    for headers in (
        {"host": "evil.example"},
        {"host": f"evil.example:{port}"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1"},
        {"host": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": f"http://127.0.0.1:{port + 1}"},
        {"origin": f"http://127.0.0.1:{port}.evil.example"},
    ):
        answer = client.post("/v1/commands", json=body_of(OpenCheck(check_id=new_id())), headers=headers)
        assert problem(answer) == (403, "request.foreign_origin"), headers
    assert client.get("/v1/status", headers={"origin": f"http://127.0.0.1:{port}"}).status_code == 200


def test_somebody_who_says_to_be_forwarded_gains_nothing(client: httpx.Client) -> None:
    answer = client.get("/v1/status", headers={"x-forwarded-for": "10.0.0.9"})
    assert answer.status_code in {200, 401}
    assert problem(client.post("/v1/devices", json={"name": "x", "role": "manager"}, headers={"x-forwarded-for": "unix"})) == (
        403, "device.box_only",
    )  # fmt: skip


def test_what_belongs_to_the_box_is_served_on_its_socket_only(client: httpx.Client, box: httpx.Client) -> None:
    report = {"position": "0.0." + "0" * 64, "incarnation": "x", "link": "sending"}
    assert problem(client.post("/v1/devices", json={"name": "x", "role": "kds"})) == (403, "device.box_only")
    assert problem(client.put("/v1/followers/cloud", json=report)) == (403, "device.box_only")
    assert problem(client.put("/v1/menu", content=msgspec.json.encode(MENU))) == (403, "permission.missing")
    assert problem(client.get("/v1/feed")) == (403, "permission.missing")
    assert box.get("/v1/feed").status_code == 200
    assert problem(box.put("/v1/followers/cloud", json=report | {"position": "nowhere"})) == (400, "feed.bad_cursor")


def test_a_token_gives_its_role_and_no_more(client: httpx.Client, box: httpx.Client) -> None:
    made = {role: box.post("/v1/devices", json={"name": role, "role": role}).json() for role in ("pos", "kds", "manager", "import")}
    headers = {role: {"authorization": f"Bearer {device['token']}"} for role, device in made.items()}
    opening = OpenCheck(check_id=new_id())
    assert problem(client.post("/v1/commands", json=body_of(opening), headers=headers["kds"])) == (403, "permission.missing")
    answer = client.post("/v1/commands", json=body_of(opening), headers=headers["pos"])
    assert answer.status_code == 200
    past = {"type": "OpenCheck", "check_id": new_id(), "opened_at": "2025-05-05T12:00:00"}
    assert problem(client.post("/v1/commands", json={"id": new_id(), "command": past}, headers=headers["manager"]))[0] == 403
    answer = client.post("/v1/commands", json={"id": new_id(), "command": past}, headers=headers["import"])
    assert answer.json()["business_date"] == "2025-05-05"
    assert client.get("/v1/feed", headers=headers["manager"]).status_code == 200
    assert problem(client.get("/v1/feed", headers=headers["kds"])) == (403, "permission.missing")
    foreign = headers["pos"] | {"host": "box.local", "origin": "https://box.local"}
    assert client.get("/v1/status", headers=foreign).status_code == 200, "a token says who asks, wherever the page came from"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "bearer x", "Bearer " + "x" * 4000])
def test_a_token_of_nobody_is_refused_even_on_loopback(client: httpx.Client, header: str) -> None:
    assert problem(client.get("/v1/status", headers={"authorization": header})) == (401, "device.unknown")


@pytest.mark.parametrize("body", [{"name": "x", "role": "box"}, {"name": "x", "role": "owner"}, {"name": "a\x00b", "role": "kds"}, {}])
def test_a_device_that_makes_no_sense_is_not_made(box: httpx.Client, body: dict[str, str]) -> None:
    assert problem(box.post("/v1/devices", json=body))[0] in {400, 422}


# --- the feed over HTTP --------------------------------------------------------------------------


def test_a_cursor_that_is_wrong_is_told_how(client: httpx.Client, box: httpx.Client) -> None:
    client.post("/v1/commands", json=body_of(OpenCheck(check_id=new_id())))
    head = client.get("/v1/status").json()["head"]
    epoch, sequence, hash = head.split(".")
    assert box.get("/v1/feed", params={"after": head}).json()["entries"] == []
    cases = {
        f"{epoch}.{sequence}.{'0' * 64}": (409, "feed.fork"),
        f"{int(epoch) + 1}.{sequence}.{hash}": (409, "feed.fork"),
        f"{epoch}.{int(sequence) + 1}.{hash}": (409, "feed.ahead"),
        f"{epoch}.{10**15 - 1}.{hash}": (409, "feed.ahead"),
        f"{epoch}.{10**18}.{hash}": (400, "feed.bad_cursor"),
        f"{epoch}.{sequence}": (400, "feed.bad_cursor"),
        f"{epoch}.-1.{hash}": (400, "feed.bad_cursor"),
        f"{epoch}.٣.{hash}": (400, "feed.bad_cursor"),
        "latest": (400, "feed.bad_cursor"),
    }
    for cursor, expected in cases.items():
        assert problem(box.get("/v1/feed", params={"after": cursor})) == expected, cursor


def test_pages_of_the_feed_put_together_are_the_journal(box: httpx.Client) -> None:
    whole = box.get("/v1/feed").json()["entries"]
    cursor, found = "", []
    while page := box.get("/v1/feed", params={"after": cursor, "limit": 3}).json()["entries"]:
        found += page
        cursor = page[-1]["position"]
    assert found == whole
    assert [entry["entry"]["sequence"] for entry in found] == list(range(1, len(found) + 1))


def test_health_readiness_metrics_and_the_document_of_the_api(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "comanda_edge" in metrics.text
    paths = client.get("/schema/openapi.json").json()["paths"]
    assert {"/v1/commands", "/v1/batches", "/v1/menu", "/v1/checks", "/v1/tickets", "/v1/feed", "/v1/status"} <= set(paths)
