"""A run of the demo from start to end: until somebody stops it, or timed and judged.

What lives here: the two ways to run and what they print. The parts are in runner.py and verdict.py.
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx

from provisioning.demo.home import DemoHome
from provisioning.demo.plan import SITES, Ports
from provisioning.demo.runner import Demo, Say
from provisioning.demo.status import DemoStatus, look
from provisioning.demo.verdict import Sales, edge_sales, has_arrived, problems_of, sales_of_all, totals_line
from shared.limits import DEMO_DRAIN_TIMEOUT_S, DEMO_WATCH_INTERVAL_S, HTTP_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["run_demo"]

_PACE_S = 1.0  # seconds between two things that somebody does at one site: lively, yet one can follow
_TIMED_PACE_S = 0.1  # in a timed run, where figures matter and nobody looks
_CUT_AT, _HEAL_AT = 0.3, 0.65  # parts of a timed run

T = TypeVar("T")


class _Interrupted(Exception):
    """Somebody asked the demo to stop."""


async def run_demo(home: DemoHome, ports: Ports, seconds: int | None, seed: int, show: Say) -> int:
    """Run until stopped (`seconds` None; exit status 0) or for that long and be judged (0 or 1)."""
    try:
        home.acquire()
        try:
            demo = Demo(home, ports, seed, show)
            demo.stop_on_signals()
            return await (_until_stopped(demo) if seconds is None else _timed(demo, seconds, seed))
        finally:
            home.release()
    # Whatever it was, the last line of a timed run says that it failed; the error itself is the caller's to show.
    except Exception as error:
        if seconds is not None:
            show(f"demo: failed: {error}")
        raise


async def _until_stopped(demo: Demo) -> int:
    begun = time.monotonic()
    try:
        await _or_stop(demo, demo.start())
        _print_doors(demo, time.monotonic() - begun, await _are_apps_built(demo))
        await _or_stop(demo, demo.play(_PACE_S, asyncio.Event()))
    except _Interrupted:
        demo.say("stopping")
    finally:
        await demo.stop_all()
    demo.say(f"stopped; its data stays in {demo.home.directory} (forget it: make demo-clean)")
    return 0


async def _or_stop(demo: Demo, work: Awaitable[T]) -> T:
    """The result of `work`. Raises _Interrupted when the demo is to stop first."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(demo.stop.wait())
    watch = asyncio.ensure_future(demo.watch()) if demo.is_up else None
    tasks = [task, stop, watch] if watch else [task, stop]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if stop.done():
            raise _Interrupted
        assert watch is not None
        watch.result()  # it ends only by an error, which is raised here
        raise AssertionError("the watch over the children ended by itself")
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _are_apps_built(demo: Demo) -> bool:
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as client:
        return (await client.get(f"http://127.0.0.1:{demo.ports.edge(SITES[0].key)}/pos/")).is_success


def _print_doors(demo: Demo, took_s: float, are_apps_built: bool) -> None:
    """Where to click."""
    comanda = _program()
    demo.say(f"ready after {took_s:.1f} s; three sites of two organisations are open")
    lines = [""]
    for site in SITES:
        url = f"http://127.0.0.1:{demo.ports.edge(site.key)}"
        lines.append(f"  {site.name:<16} POS {url}/pos/   kitchen {url}/kds/   API {url}/schema/openapi.json")
    lines += [
        f"  {'The hub':<16} http://127.0.0.1:{demo.ports.hub}/openapi.json   with the token {demo.state.token}",
        "",
        f"  {comanda} demo status          what every box and the hub have",
        f"  {comanda} demo cut {SITES[0].key}    cut a site off; heal it with: {comanda} demo heal {SITES[0].key}",
        f"  logs in {demo.home.logs}; Ctrl-C stops everything",
        "",
    ]
    if not are_apps_built:
        lines.insert(1, "  POS and kitchen are not built yet, so their pages are missing: make ui, then start again")
    for line in lines:
        demo.show(line)


def _program() -> str:
    """How to type `comanda` here: it is on the PATH only inside the environment."""
    beside = Path(sys.executable).with_name("comanda")
    with contextlib.suppress(ValueError):  # not below the working directory
        return str(beside.relative_to(Path.cwd())) if beside.exists() else "comanda"
    return str(beside)


# --- timed -------------------------------------------------------------------------------------


class _Figures:
    """What a timed run has to tell."""

    def __init__(self) -> None:
        self.cut_site = ""
        self.cut_s = 0.0
        self.held_back = 0
        self.drain_s = 0.0
        self.status: DemoStatus | None = None
        self.sales: dict[str, Sales] = {}


async def _timed(demo: Demo, seconds: int, seed: int) -> int:
    figures = _Figures()
    failure: OperatorError | None = None
    try:
        await _or_stop(demo, demo.start())
        await _or_stop(demo, _play_and_judge(demo, seconds, seed, figures))
    except _Interrupted:
        demo.problems.append("it was interrupted")
    except OperatorError as error:
        failure = error
        demo.problems.append(f"{error.code}: {error.detail} ({error.hint})")
    except httpx.HTTPError as error:
        demo.problems.append(f"a box or the hub did not answer at the end: {error!r}")
    finally:
        await demo.stop_all()
    if failure is None and not demo.problems:
        demo.say(f"ok: {_summary(demo, figures)}")
        return 0
    demo.say(f"failed: {'; '.join(' '.join(problem.split()) for problem in demo.problems)}")
    return 1


async def _play_and_judge(demo: Demo, seconds: int, seed: int, figures: _Figures) -> None:
    today = datetime.now(UTC).date()
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as client:
        before = {site.key: (await edge_sales(client, demo.ports, site.key, today)).orders for site in SITES}
    demo.say(f"playing a service for {seconds} s")
    closing_time = asyncio.Event()
    service = asyncio.ensure_future(demo.play(_TIMED_PACE_S, closing_time))
    try:
        await _cut_and_heal(demo, seconds, random.Random(seed).choice(SITES).key, figures)
    finally:
        closing_time.set()
        await service
    demo.say("the service is over; waiting until the hub has everything")
    figures.status, figures.drain_s = await _drain(demo)
    for key, (box, hub) in (await sales_of_all(demo.state, today)).items():
        site = next(site for site in figures.status.sites if site.site == key)
        demo.problems += problems_of(site, box, hub, before[key], demo.players[key].closed)
        figures.sales[key] = box


async def _cut_and_heal(demo: Demo, seconds: int, key: str, figures: _Figures) -> None:
    """Let `seconds` pass, a part of them with one site cut off."""
    await asyncio.sleep(seconds * _CUT_AT)
    demo.cut(key)
    cut_at = time.monotonic()
    await asyncio.sleep(seconds * (_HEAL_AT - _CUT_AT))
    status = await look(demo.state, None, demo.cut_off())
    figures.cut_site, figures.cut_s = key, time.monotonic() - cut_at
    figures.held_back = next(site.lag_entries or 0 for site in status.sites if site.site == key)
    demo.heal(key)
    if figures.held_back == 0:
        demo.problems.append(f"{key} was cut off for {figures.cut_s:.1f} s and nothing was held back")
    await asyncio.sleep(seconds * (1 - _HEAL_AT))


async def _drain(demo: Demo) -> tuple[DemoStatus, float]:
    """Wait until every journal is at the hub; the last look, and the seconds it took."""
    begun = time.monotonic()
    while True:
        status = await look(demo.state, None, demo.cut_off())
        took_s = time.monotonic() - begun
        if all(has_arrived(site) for site in status.sites) or took_s > DEMO_DRAIN_TIMEOUT_S:
            return status, took_s
        await asyncio.sleep(DEMO_WATCH_INTERVAL_S)


def _summary(demo: Demo, figures: _Figures) -> str:
    assert figures.status is not None
    parts = [
        f"{len(figures.sales)} sites",
        f"{sum(player.closed for player in demo.players.values())} checks closed now",
        f"{sum(sales.orders for sales in figures.sales.values())} in all",
        f"{sum(sales.lines for sales in figures.sales.values())} lines",
        f"{sum(site.sequence for site in figures.status.sites)} entries",
        f"gross {totals_line(figures.sales)}",
        f"{figures.cut_site} cut off for {figures.cut_s:.1f} s with {figures.held_back} entries held back",
        f"drained in {figures.drain_s:.1f} s",
    ]
    if demo.restarts:
        parts.append(f"{demo.restarts} processes started again")
    return ", ".join(parts)
