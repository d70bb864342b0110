"""Whatever is asked, in whatever order: the box answers as its document says, never trips, and its books can be made again."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import msgspec

from shared.domain.ids import derived_id
from shared.domain.registry import COMMANDS, FEATURES
from tests.integration.edge.document import API
from tests.support.anything import Anything
from tests.support.evening import MENU
from tests.support.programs import EdgeBox, run_json

_SEED = 20_260_302
_ROUNDS = 20  # times that each command is asked for
_PERMISSIONS = {cls.__name__: permission for feature in FEATURES for cls, (permission, _) in feature.deciders.items()}
# What a check's life is made of comes more often, or nothing else would find anything to act on.
_COMMON = ("OpenCheck", "AddLine", "AddLine", "AddLine", "SendCheck", "PayCash", "CloseCheck", "MarkShown")
_OF_DEVICES = sorted(name for name, permission in _PERMISSIONS.items() if permission != "box")


class Walk:
    """Asks a box for anything, and holds every answer against the document."""

    def __init__(self, device: httpx.Client, box: httpx.Client, version: str) -> None:
        self.made = Anything(_SEED, MENU, version)
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.checks: set[str] = set()
        self._device, self._box = device, box
        self._random = Random(_SEED)
        self._count = 0

    def run(self) -> None:
        for _ in range(_ROUNDS):
            for name in self._random.sample(sorted(COMMANDS), len(COMMANDS)):
                more = self._random.choices(_OF_DEVICES, k=self._random.randint(1, 3)) if self._random.random() < 0.2 else []
                self._ask([name, *([] if _PERMISSIONS[name] == "box" else more)])
                self._ask([self._random.choice(_COMMON)])

    def _ask(self, names: list[str]) -> None:
        bodies = [self._body(name) for name in names]
        client = self._box if _PERMISSIONS[names[0]] == "box" else self._device
        path, body = ("/v1/batches", {"commands": bodies}) if len(bodies) > 1 else ("/v1/commands", bodies[0])
        answer = client.post(path, json=body)
        API[path]["POST"].validate_response(answer)
        said = answer.json()
        if answer.status_code != 200:
            assert answer.status_code < 500, said
            self.refused[said["code"]] += 1
            return
        self.accepted.update(names)
        for each in said["answers"] if len(bodies) > 1 else [said]:
            events = [event["event"] for event in each["events"]]
            self.made.learn(events)
            self.checks |= {event["check_id"] for event in events if "check_id" in event}

    def _body(self, name: str) -> dict[str, Any]:
        self._count += 1
        return {"id": derived_id("walk", self._count), "actor_id": "anna", "command": self.made.command(name)}

    def read(self) -> None:
        """Every question about everything that was touched."""
        for check_id in sorted(self.checks):
            for part in ("", "/kitchen", "/history", "/bill", "/receipt"):
                self._read("/v1/checks/{check_id}" + part, f"/v1/checks/{check_id}{part}")
        for path in (
            "/v1/tickets",
            "/v1/tickets/recent",
            "/v1/kitchen/fires",
            "/v1/kitchen/counts",
            "/v1/tables",
            "/v1/overrides",
            "/v1/sales",
        ):
            self._read(path, path)
        for status in ("open", "closed", "merged"):
            self._read("/v1/checks", f"/v1/checks?status={status}")

    def _read(self, route: str, path: str) -> None:
        answer = self._device.get(path)
        API[route]["GET"].validate_response(answer)
        assert answer.status_code == 200 or answer.json()["code"] == "receipt.not_closed", answer.text


def test_a_thousand_commands_of_every_type_in_any_order_trip_nothing(new_edge: Callable[..., EdgeBox]) -> None:
    edge = new_edge()
    edge.start_serve()
    with edge.box_client() as box:
        version = box.put("/v1/menu", content=msgspec.json.encode(MENU)).raise_for_status().json()["version"]
        token = box.post("/v1/devices", json={"name": "import", "role": "import"}).json()["token"]
        with httpx.Client(base_url=edge.url, headers={"authorization": f"Bearer {token}"}, timeout=10.0) as device:
            walk = Walk(device, box, version)
            walk.run()
            walk.read()
    assert "Traceback" not in edge.serve.log_text()
    edge.serve.stop()
    assert run_json("edge", "verify", "--data-dir", edge.data_dir)["bad_sequence"] is None
    assert run_json("edge", "rebuild", "--check", "--data-dir", edge.data_dir)["differences"] == []
    assert len(walk.accepted) > 45, f"the walk did not come far: {sorted(walk.accepted)}"
    assert len(walk.refused) > 80, f"nor meet many rules: {sorted(walk.refused)}"
