"""Who asks: by token, by socket, or on the loopback from a page of the box's own."""

from typing import Any

import pytest
from litestar.connection import ASGIConnection

from edge.api.identity import ensure_box, identify, is_box
from edge.app.devices import Devices, token_hash
from edge.app.site import BOX
from shared.domain.errors import Refused
from shared.domain.registry import ROLES
from tests.unit.shared.domain.world import name_id

TCP, UNIX = ("127.0.0.1", 8080), ("/run/edge.sock", None)


def connection(
    headers: dict[str, str] | None = None, *, client: tuple[str, int] | None = ("127.0.0.1", 5), server: Any = TCP
) -> ASGIConnection[Any, Any, Any, Any]:
    said = {"host": "127.0.0.1:8080"} | (headers or {})
    raw = [(name.encode(), value.encode()) for name, value in said.items()]
    return ASGIConnection({"type": "http", "headers": raw, "client": client, "server": server})  # type: ignore[arg-type] - what is read of it


def devices() -> Devices:
    made = Devices()
    made.add("till", "manager", token_hash("secret"))
    return made


def refused(made: ASGIConnection[Any, Any, Any, Any], *, trust: bool = True) -> str:
    with pytest.raises(Refused) as caught:
        identify(made, devices(), trust)
    return caught.value.code


def test_a_token_says_who_asks_on_every_way_in() -> None:
    for server, client in ((TCP, ("192.168.1.7", 5)), (TCP, ("127.0.0.1", 5)), (UNIX, None)):
        found = identify(connection({"authorization": "Bearer secret"}, client=client, server=server), devices(), trust_loopback=False)
        assert found.device_id == "till"


def test_a_wrong_token_is_refused_even_where_none_would_do() -> None:
    assert refused(connection({"authorization": "Bearer wrong"})) == "device.unknown"
    assert refused(connection({"authorization": "Bearer wrong"}, client=None, server=UNIX)) == "device.unknown"


def test_the_unix_socket_is_the_box() -> None:
    made = connection(client=None, server=UNIX)
    assert is_box(made)
    assert identify(made, devices(), trust_loopback=False) == BOX
    ensure_box(made)
    with pytest.raises(Refused, match=r"device\.box_only"):
        ensure_box(connection())


@pytest.mark.parametrize("client", [("127.0.0.1", 5), ("::1", 5)])
def test_loopback_is_an_unpaired_till_as_long_as_it_is_trusted(client: tuple[str, int]) -> None:
    found = identify(connection(client=client), devices(), trust_loopback=True)
    assert (found.device_id, found.permissions) == ("unpaired", ROLES["pos"])
    assert refused(connection(client=client), trust=False) == "device.unknown"


def test_somebody_else_needs_a_token() -> None:
    assert refused(connection(client=("192.168.1.7", 5))) == "device.unknown"
    assert refused(connection(client=None)) == "device.unknown"


def test_an_unpaired_till_may_name_itself_by_an_id_only() -> None:
    found = identify(connection({"comanda-device": name_id("till 1")}), devices(), trust_loopback=True)
    assert found.device_id == name_id("till 1")
    assert identify(connection({"comanda-device": "box"}), devices(), trust_loopback=True).device_id == "unpaired"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example", None), ("127.0.0.1.evil.example", None), ("", None), ("[::1", None), ("127.0.0.1:8080@evil.example", None),
        ("127.0.0.1:8080", "https://evil.example"), ("127.0.0.1:8080", "null"), ("127.0.0.1:8080", "http://127.0.0.1:8081"),
        ("127.0.0.1:8080", "http://["), ("127.0.0.1:8080", ""),
    ],
)  # fmt: skip
def test_a_foreign_page_gets_no_trust_from_the_machine_it_is_shown_on(host: str, origin: str | None) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    assert refused(connection(headers)) == "request.foreign_origin"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"])
def test_a_page_of_the_box_itself_is_trusted(host: str) -> None:
    assert identify(connection({"host": host, "origin": f"http://{host}"}), devices(), trust_loopback=True).permissions == ROLES["pos"]
