"""What comanda-edge.service relies on: the API answers on a socket handed over, from a network of its own that leads nowhere."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx

from tests.support.boxes import make_box
from tests.support.programs import COMANDA
from tests.support.waiting import eventually

_NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net")


def test_the_api_answers_the_lan_through_a_socket_it_was_handed_and_has_no_way_out(short_dir):
    make_box(short_dir / "box")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        os.set_inheritable(listener.fileno(), True)
        port, fd = listener.getsockname()[1], listener.fileno()
        argv = [*_NO_NETWORK, *COMANDA, "edge", "serve", "--data-dir", str(short_dir / "box"), "--fd", str(fd)]
        with (short_dir / "log").open("wb") as log:
            server = subprocess.Popen(argv, pass_fds=[fd], stdout=log, stderr=log)
        try:
            answer = eventually(lambda: _get(f"http://127.0.0.1:{port}/readyz"), f"it is ready; its log: {short_dir / 'log'}")
            assert answer.json() == {"status": "ready"}
            assert httpx.get(f"http://127.0.0.1:{port}/v1/status").json()["sequence"] >= 1, "it writes its journal too"
            assert httpx.post(f"http://127.0.0.1:{port}/v1/devices", json={"name": "x", "role": "pos"}).status_code in (401, 403), "no box"
            routes = Path(f"/proc/{server.pid}/net/route").read_text().splitlines()[1:]
            assert routes == [], "it reaches nobody"
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20.0)


def _get(url: str) -> httpx.Response | None:
    try:
        answer = httpx.get(url, timeout=2.0)
    except httpx.HTTPError:
        return None
    return answer if answer.is_success else None
