"""The first start of a demo: organisations and sites at the hub, a box enrolled for each, menus loaded.

What lives here: the steps that a person would take with the command line, in order. Nothing here runs a second time, but
for the menus.
"""

import asyncio

import httpx

from provisioning.demo.home import DemoHome, DemoState, SiteState
from provisioning.demo.plan import MENUS, ORGANISATIONS, SHARDS, SITES, Ports, SitePlan
from provisioning.demo.stack import Stack, run_comanda, run_json
from provisioning.files import write_file
from shared.limits import HTTP_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["load_menu", "manager_token", "set_up"]


async def set_up(stack: Stack, home: DemoHome, ports: Ports, passwords: tuple[str, str]) -> DemoState:
    """Two organisations, three sites, three enrolled boxes, one token; remembered when all is done."""
    env = stack.hub_env
    adding = (run_json("hub", "org", "add", name, "--shard", shard, env=env) for name, shard in zip(ORGANISATIONS, SHARDS, strict=True))
    answers = await asyncio.gather(*adding)
    orgs = {name: answer["org_id"] for name, answer in zip(ORGANISATIONS, answers, strict=True)}
    token, *sites = await asyncio.gather(
        run_json("hub", "token", "add", "--name", "demo", env=env), *(_enroll(stack, home, site, orgs[site.organisation]) for site in SITES)
    )
    state = DemoState(
        owner_password=passwords[0],
        app_password=passwords[1],
        token=token["token"],
        sites={site.key: made for site, made in zip(SITES, sites, strict=True)},
        port_base=ports.base,
    )
    home.save(state)
    return state


async def _enroll(stack: Stack, home: DemoHome, site: SitePlan, org_id: str) -> SiteState:
    env = stack.hub_env
    added = await run_json(
        "hub", "site", "add", "--org", org_id, "--name", site.name, "--currency", site.currency, "--time-zone", site.time_zone, env=env
    )
    claim = await run_json("hub", "site", "claim", added["site_id"], env=env)
    await run_comanda("provision", "enroll", "--hub", stack.hub_url, "--code", claim["code"], "--data-dir", home.site_dir(site.key))
    return SiteState(org_id=org_id, site_id=added["site_id"])


async def load_menu(home: DemoHome, site: SitePlan) -> None:
    """Put the site's menu in force, as the box itself: over its Unix socket. Nothing happens if it is in force."""
    async with _box(home, site) as client:
        answer = await client.put("/v1/menu", content=(MENUS / site.menu).read_bytes(), headers={"Content-Type": "application/json"})
    if not answer.is_success:
        raise OperatorError(
            "demo.menu_refused", f"{site.name} refuses its menu: {answer.text[:300]}", "Correct the file in provisioning/demo/menus."
        )


async def manager_token(home: DemoHome, site: SitePlan) -> str:
    """The token of the manager's device, which is paired the first time and remembered in the site's directory."""
    remembered = home.site_dir(site.key) / "manager.token"
    if remembered.exists():
        return remembered.read_text(encoding="utf-8")
    async with _box(home, site) as client:
        answer = await client.post("/v1/devices", json={"name": "Manager", "role": "manager"})
    if not answer.is_success:
        raise OperatorError("demo.device_refused", f"{site.name} pairs no manager: {answer.text[:300]}", "Start anew: comanda demo clean")
    token = str(answer.json()["token"])
    write_file(remembered, token)
    return token


def _box(home: DemoHome, site: SitePlan) -> httpx.AsyncClient:
    """The box as its own programs reach it."""
    transport = httpx.AsyncHTTPTransport(uds=str(home.site_dir(site.key) / "edge.sock"))
    return httpx.AsyncClient(transport=transport, base_url="http://box", timeout=HTTP_TIMEOUT_S)
