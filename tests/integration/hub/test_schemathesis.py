"""The running API against its own OpenAPI document: whatever is asked, it answers as the document says, and never with a 500."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from hub.api.app import make_app
from hub.api.state import ApiState
from hub.app.tenants import add_token
from hub.db.connect import sha256
from hub.settings import HubSettings
from hub.stores import make_stores
from provisioning.process import free_port
from shared.domain.check.state import Check
from tests.integration.hub.evenings import Evenings
from tests.support.boxes import new_id
from tests.support.hub_rig import HubRig
from tests.support.issuer import CREDENTIALS
from tests.support.postgres import Database
from tests.support.programs import Program

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance,
    negative_data_rejection, unsupported_method,
]  # fmt: skip
schemathesis.serializer.alias("application/msgpack", "application/octet-stream")  # bytes are sent as they are
_STORES = make_stores(HubSettings(control_dsn="postgresql://nobody@127.0.0.1/none", shards={}))  # nothing is connected for a document
API = schemathesis.openapi.from_dict(make_app(ApiState(_STORES.control, _STORES.shards, CREDENTIALS, [])).openapi())


class Running(NamedTuple):
    """The API of a hub that holds a site's evening: what is asked of it may name what is really there."""

    url: str
    headers: dict[str, str]
    real: dict[str, str]


async def _fill(databases: dict[str, Database], directory: Path) -> tuple[str, dict[str, str]]:
    """(token, ids that exist)."""
    rig = HubRig(databases["control"], {name: databases[name] for name in ("s1", "s2")})
    try:
        site = await rig.add_site(shard="s2", currency="EUR")
        evenings = Evenings(directory, site, seed=5).run(days=1)
        evenings.close()
        await rig.send_all(site)
        await rig.project()
        token = new_id()
        await add_token(rig.stores.control, sha256(token), site.address.org_id, "schemathesis")
    finally:
        await rig.close()
    check = next(each for each in site.memory.state.values() if isinstance(each, Check) and each.refunds)
    return token, {"site_id": site.address.site_id, "check_id": check.check_id, "from_date": "2026-03-01", "to_date": "2026-03-09"}


@pytest.fixture(scope="module")
def running(hub_databases: dict[str, Database], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("hub-api")
    token, real = asyncio.run(_fill(hub_databases, directory))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    shards = ", ".join(f'"{name}": "{hub_databases[name].app_dsn}"' for name in ("s1", "s2"))
    env = {
        "COMANDA_HUB_CONTROL_DSN": hub_databases["control"].app_dsn, "COMANDA_HUB_SHARDS": f"{{{shards}}}",
        "COMANDA_HUB_API_HOST": "127.0.0.1", "COMANDA_HUB_API_PORT": str(port),
    }  # fmt: skip
    program = Program("api", directory, "hub", "api", env=env)
    program.start()
    try:
        program.wait_ready(lambda: _is_ready(url))
        yield Running(url, {"authorization": f"Bearer {token}"}, real)
    finally:
        program.stop()
    assert "defect" not in program.log_text()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2.0).is_success
    except httpx.HTTPError:
        return False


@API.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_tells(case: schemathesis.Case, running: Running) -> None:
    case.call_and_validate(base_url=running.url, headers=running.headers, checks=CHECKS)


@API.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_so_is_every_answer_of_what_is_really_there(case: schemathesis.Case, running: Running) -> None:
    """The same of the evening of a site: ids and dates that exist, with whatever else."""
    places: tuple[dict[str, Any], ...] = (case.path_parameters or {}, case.query or {})
    for place in places:
        place.update({name: value for name, value in running.real.items() if name in place})
    if "{check_id}" in case.path or "{site_id}" in case.path:
        case.call_and_validate(
            base_url=running.url, headers=running.headers, checks=[c for c in CHECKS if c is not negative_data_rejection]
        )
