"""The demo while it runs: start everything, keep it running, play a service, stop everything.

What lives here: the order of things and the care for children. What the programs are is in stack.py, what the first start
does in setup.py, how a timed run is judged in verdict.py.
"""

import asyncio
import random
import signal
import time
from collections.abc import Callable

import httpx
import msgspec

from provisioning.demo.control import Answer, Request, serve_control
from provisioning.demo.home import DemoHome, DemoState, new_password
from provisioning.demo.plan import MENUS, SITES, Ports, SitePlan, find_site
from provisioning.demo.player import Player
from provisioning.demo.proxy import CuttableProxy
from provisioning.demo.setup import load_menu, manager_token, set_up
from provisioning.demo.stack import Stack, is_ready, run_comanda
from provisioning.nats_init import NatsHome, init_nats, read_nats_home
from provisioning.process import Child, is_listening
from shared.domain.menu import decode_menu
from shared.limits import (
    DEMO_RESTART_WAIT_MAX_S,
    DEMO_RESTART_WAIT_S,
    DEMO_RESTARTS_MAX,
    DEMO_WATCH_INTERVAL_S,
    HTTP_TIMEOUT_S,
    SERVER_START_TIMEOUT_S,
)
from shared.operator_error import OperatorError

__all__ = ["Demo", "Say"]

Say = Callable[[str], None]


class Demo:
    """One run of the demo. `show` prints a line to the person at the terminal."""

    def __init__(self, home: DemoHome, ports: Ports, seed: int, show: Say) -> None:
        self.home = home
        self.ports = ports
        self.show = show
        self.problems: list[str] = []  # what a timed run is to report
        self.stop = asyncio.Event()
        self.lines = {site.key: CuttableProxy(ports.line(site.key), ports.nats) for site in SITES}
        self.players: dict[str, Player] = {}
        self._seed = seed
        self._stack: Stack | None = None
        self._state: DemoState | None = None
        self._control: asyncio.Server | None = None
        self._restarts: dict[str, int] = {}
        self._is_up = False

    @property
    def state(self) -> DemoState:
        assert self._state is not None, "the state is known once everything has started"
        return self._state

    @property
    def is_up(self) -> bool:
        """Whether everything has been started, and what dies is to be started again."""
        return self._is_up

    @property
    def restarts(self) -> int:
        """How many times something died and was started again."""
        return sum(self._restarts.values())

    def say(self, text: str) -> None:
        self.show(f"demo: {text}")

    def stop_on_signals(self) -> None:
        """Ctrl-C, a closed terminal and `kill` all end the demo in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)

    # --- starting ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring everything up; `stop_all` is to be called whatever comes of it. Raises OperatorError."""
        for name in self.home.end_leftovers():
            self.say(f"ended {name}, left over from an earlier demo")
        ensure_ports_free(self.ports)
        self.home.forget_unfinished()
        self._state = self.home.state()
        passwords = (self._state.owner_password, self._state.app_password) if self._state else (new_password(), new_password())
        self._stack = stack = Stack(self.home, self.ports, self._nats_home(), passwords)
        self.say("starting the broker and Postgres")
        stack.broker.start()
        stack.start_databases()
        self._record()
        self.say("migrating the control database and the shards")
        await run_comanda("hub", "migrate", env=stack.hub_env)
        self.say("starting the hub: ingest, project, api")
        for child in stack.hub:
            child.start()
        self._record()
        await self._until_ready(stack.hub[-1], stack.hub_url)
        await self._know_sites(stack, passwords)
        await self._start_sites(stack)

    def _nats_home(self) -> NatsHome:
        if (self.home.nats / "nats.conf").exists():
            return read_nats_home(self.home.nats)
        return init_nats(self.home.nats, host="127.0.0.1", port=self.ports.nats, issued_at=int(time.time()))

    async def _know_sites(self, stack: Stack, passwords: tuple[str, str]) -> None:
        if self._state is None:
            self.say("adding two organisations and three sites, enrolling a box for each")
            self._state = await set_up(stack, self.home, self.ports, passwords)
        elif self._state.port_base != self.ports.base:
            self._state = msgspec.structs.replace(self._state, port_base=self.ports.base)
            self.home.save(self._state)

    async def _start_sites(self, stack: Stack) -> None:
        self.say("starting the boxes: edge serve and edge link, three times")
        for line in self.lines.values():
            await line.start()
        self._control = await serve_control(self.home.control_socket, self._act)
        for child in stack.edges.values():
            child.start()
        self._record()
        for site in SITES:
            await self._until_ready(stack.edges[site.key], stack.edge_url(site.key))
            await load_menu(self.home, site)
        for child in stack.links.values():
            child.start()
        self._record()
        self._is_up = True

    async def _until_ready(self, child: Child, url: str) -> None:
        deadline = time.monotonic() + SERVER_START_TIMEOUT_S
        while not await asyncio.to_thread(is_ready, url):
            if not child.is_running:
                raise child.failure(f"ended with status {child.exit_code} while starting")
            if time.monotonic() > deadline:
                raise child.failure(f"did not get ready in {SERVER_START_TIMEOUT_S:g} s")
            await asyncio.sleep(DEMO_WATCH_INTERVAL_S)

    def _record(self) -> None:
        if self._stack is not None:
            self.home.record(self._stack.children)

    # --- running -------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Start again what dies, saying so, until cancelled. Raises OperatorError when one child dies too often."""
        assert self._stack is not None
        while True:
            for child in self._stack.children:
                if not child.is_running:
                    await self._start_again(child)
            await asyncio.sleep(DEMO_WATCH_INTERVAL_S)

    async def _start_again(self, child: Child) -> None:
        count = self._restarts[child.name] = self._restarts.get(child.name, 0) + 1
        if count > DEMO_RESTARTS_MAX:
            raise child.failure(f"ended for the {count}th time, last with status {child.exit_code}")
        self.say(f"{child.name} ended with status {child.exit_code}, starting it again (log: {child.log})")
        await asyncio.sleep(min(DEMO_RESTART_WAIT_S * 2 ** (count - 1), DEMO_RESTART_WAIT_MAX_S))
        child.start()
        self._record()

    async def play(self, pace_s: float, stop: asyncio.Event) -> None:
        """Play a service at every site until `stop`."""
        await asyncio.gather(*(self._play_site(site, pace_s, stop) for site in SITES))

    async def _play_site(self, site: SitePlan, pace_s: float, stop: asyncio.Event) -> None:
        assert self._stack is not None
        menu = decode_menu((MENUS / site.menu).read_bytes())
        chance = random.Random(f"{self._seed}/{site.key}")
        token = await manager_token(self.home, site)
        while not stop.is_set():
            async with httpx.AsyncClient(base_url=self._stack.edge_url(site.key), timeout=HTTP_TIMEOUT_S) as client:
                player = self.players.setdefault(site.key, Player(menu, chance, token))
                try:
                    await player.play(client, pace_s, stop)
                except (httpx.HTTPError, msgspec.MsgspecError, TimeoutError) as error:
                    self.problems.append(f"{site.name}: the service broke off: {error!r}")
                    self.say(f"the service at {site.name} broke off, beginning again: {error!r}")
                    await asyncio.sleep(DEMO_RESTART_WAIT_S)

    def _act(self, request: Request) -> Answer:
        """What the control socket asks for."""
        if request.act != "lines":
            site = find_site(request.site, {key: made.site_id for key, made in self.state.sites.items()})
            if site is None or request.act not in ("cut", "heal"):
                return Answer(error=f"There is no site {request.site!r}.", hint=f"Name one of: {', '.join(self.lines)}.")
            getattr(self, request.act)(site.key)
            return Answer(cut=self.cut_off(), site=site.key)
        return Answer(cut=self.cut_off())

    def cut_off(self) -> list[str]:
        """The sites that are cut off now, by key."""
        return [key for key, line in self.lines.items() if line.is_cut]

    def cut(self, key: str) -> None:
        """Packets between this site and the hub stop; connections stay open."""
        self.lines[key].cut()
        self.say(f"{key} is cut off from the hub; it goes on selling")

    def heal(self, key: str) -> None:
        self.lines[key].heal()
        self.say(f"{key} is connected again")

    # --- stopping ------------------------------------------------------------------------------

    async def stop_all(self) -> None:
        """Stop every child in order, then the lines and the control socket."""
        for line in self.lines.values():
            line.heal()
        if self._stack is not None:
            for name in await self._stack.stop():
                self.problems.append(f"{name} did not stop when asked and was killed")
            self._record()
        for line in self.lines.values():
            await line.stop()
        if self._control is not None:
            self._control.close()
            await self._control.wait_closed()
        self.home.control_socket.unlink(missing_ok=True)


def ensure_ports_free(ports: Ports) -> None:
    """Raises OperatorError naming the first port that somebody else listens on."""
    for name, port in ports.all().items():
        if is_listening(port):
            raise OperatorError(
                "port.in_use",
                f"Port {port}, meant for {name}, is in use by another program.",
                f"Stop that program, or shift the demo: DEMO_PORT_BASE={ports.base + 100} make demo",
            )
