"""The product's programs as processes, started as a person would: `comanda …`."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from provisioning.process import Child, free_port

__all__ = ["COMANDA", "ROOT", "EdgeBox", "Program", "run", "run_json"]

ROOT = Path(__file__).resolve().parents[2]
COMANDA = (sys.executable, str(ROOT / "comanda.py"))
_RUN_TIMEOUT_S = 60.0


def run(
    *arguments: str | Path, env: Mapping[str, str] | None = None, timeout_s: float = _RUN_TIMEOUT_S, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of `comanda` to its end; exit status and output are the caller's to judge."""
    argv = [*COMANDA, *(str(argument) for argument in arguments)]
    return subprocess.run(argv, env=os.environ | dict(env or {}), capture_output=True, text=True, timeout=timeout_s, cwd=cwd, check=False)


def run_json(*arguments: str | Path, env: Mapping[str, str] | None = None, timeout_s: float = _RUN_TIMEOUT_S) -> Any:
    """Run a command with `--json` that must succeed; what it prints."""
    done = run(*arguments, "--json", env=env, timeout_s=timeout_s)
    assert done.returncode == 0, f"comanda {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


class Program(Child):
    """A process of `comanda` that runs until it is stopped or killed, e.g. `Program("ingest", dir, "hub", "ingest", env=…)`."""

    def __init__(self, name: str, log_dir: Path, *arguments: str | Path, env: Mapping[str, str] | None = None) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        super().__init__(name, [*COMANDA, *arguments], log_dir / f"{name}.log", env=dict(env or {}))

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class EdgeBox:
    """The two processes of a box over one data directory: `serve` and `link`, each startable and killable by itself."""

    def __init__(self, data_dir: Path, *, port: int | None = None, nats_url: str = "", env: Mapping[str, str] | None = None) -> None:
        """`nats_url` replaces the broker of box.toml, e.g. by a cuttable proxy before it."""
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = dict(env or {})
        log_dir = data_dir.parent / f"{data_dir.name}-log"
        self.serve = Program("serve", log_dir, "edge", "serve", "--data-dir", data_dir, "--port", str(self.port), env=settings)
        link_env = settings | ({"COMANDA_EDGE_NATS_URLS": nats_url} if nats_url else {})
        self.link = Program("link", log_dir, "edge", "link", "--data-dir", data_dir, env=link_env)

    def start_serve(self) -> None:
        """Start the API and wait until it says that it is ready."""
        self.serve.start()
        self.serve.wait_ready(self.is_ready)

    def start(self) -> None:
        """Start the API, then the link."""
        self.start_serve()
        self.link.start()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0).is_success
        except httpx.HTTPError:
            return False

    def box_client(self) -> httpx.Client:
        """A client on the Unix socket: the box itself, which may load menus and make devices. The caller closes it."""
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.data_dir / "edge.sock")), base_url="http://box", timeout=10.0)

    def stop(self) -> None:
        """Stop the link, then the API."""
        self.link.stop()
        self.serve.stop()
