"""Tablets for swaps of boxes: each keeps what it was told is accepted, as the apps do, and hands it in to the next box.

What lives here: a tablet as a person with curl would write one. The session of the shipped apps is tried in their own tests.
"""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.support.boxes import new_id

__all__ = ["Tablet"]


class Tablet:
    """One paired device. `held` are the commands that were accepted, with what the answer said of them."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self._headers = {"Authorization": f"Bearer {token}"}
        self.held: list[dict[str, Any]] = []

    def send(self, url: str, command: dict[str, Any]) -> dict[str, Any]:
        """Send a command that must be accepted, and keep it."""
        submit = {"id": new_id(), "command": command}
        answer = httpx.post(f"{url}/v1/commands", json=submit, headers=self._headers, timeout=10.0)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        self.held.append({"submit": submit} | {name: said[name] for name in ("position", "at", "business_date")})
        return said

    def order(self, url: str, items: Sequence[str] = ("soup",), *, table_id: str = "1") -> str:
        """Open a check, add lines and send them; the check's id."""
        check_id = new_id()
        self.send(url, {"type": "OpenCheck", "check_id": check_id, "table_id": table_id, "covers": 2})
        for item_id in items:
            self.add(url, check_id, item_id)
        self.send(url, {"type": "SendCheck", "check_id": check_id})
        return check_id

    def add(self, url: str, check_id: str, item_id: str) -> None:
        self.send(url, {"type": "AddLine", "check_id": check_id, "line_id": new_id(), "item_id": item_id, "quantity": 1})

    def pay(self, url: str, check_id: str) -> None:
        """Take cash and close."""
        self.send(url, {"type": "PayCash", "check_id": check_id, "tendered_minor": 100_000})
        self.send(url, {"type": "CloseCheck", "check_id": check_id})

    def hand_in(self, url: str, *, beyond: int = 0) -> dict[str, str]:
        """Hand in all that is held with a sequence above `beyond`; what became of each command, by its id."""
        held = [each for each in self.held if int(each["position"].split(".")[1]) > beyond]
        found: dict[str, str] = {}
        for start in range(0, max(1, len(held)), 50):
            body = {"commands": held[start : start + 50], "is_last": start + 50 >= len(held)}
            answer = httpx.post(f"{url}/v1/hand-in", json=body, headers=self._headers, timeout=10.0)
            assert answer.status_code == 200, answer.text
            found |= {result["command_id"]: result["outcome"] for result in answer.json()["results"]}
        return found

    def is_known(self, url: str) -> bool:
        """Whether the box at the address takes hand-ins, and knows this device."""
        body = {"commands": [], "is_last": False}
        try:
            return httpx.post(f"{url}/v1/hand-in", json=body, headers=self._headers, timeout=2.0).is_success
        except httpx.HTTPError:
            return False
