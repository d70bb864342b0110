"""The walks that hold the device session in TypeScript to the one in Python."""

import json

from tests.unit.shared.protocol.device_vectors import TARGET, render


def test_the_walks_are_those_of_the_present_session() -> None:
    assert TARGET.read_bytes() == render(), "stale: run `python -m tests.unit.shared.protocol.device_vectors` and commit the file"


def test_the_walks_come_by_every_phase_and_every_action() -> None:
    steps = [step for walk in json.loads(render()) for step in walk["steps"]]
    assert {step["then"].get("phase", "live") for step in steps} == {
        "offline",
        "asking",
        "live",
        "handing_in",
        "wrong_box",
        "waiting_person",
    }
    assert {step["then"].get("wrong", "") for step in steps} == {"", "fenced", "lower", "other_site"}
    said = {action.get("type", "wire") for step in steps for action in step["actions"]}
    assert said >= {"Open", "Send", "Ask", "Keep", "Forget", "Hold", "Release", "Remember", "Tell", "wire"}
    assert any("claim" in action for step in steps for action in step["actions"])
    assert any(step["tell"] == "trust" and step["actions"] for step in steps)
