"""The systemd units: each names a command that exists, and gives away what its process does not need."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from comanda import GROUPS
from tests.support.programs import ROOT

UNITS = sorted((ROOT / "systemd").glob("*.service"))
PROGRAM = "/opt/comanda/.venv/bin/comanda"
HARDENING = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "", "ProtectSystem": "strict", "ProtectHome": "yes",
    "PrivateTmp": "yes", "PrivateDevices": "yes", "PrivateMounts": "yes", "PrivateUsers": "yes", "DevicePolicy": "closed",
    "ProtectProc": "invisible", "ProcSubset": "pid", "ProtectClock": "yes", "ProtectHostname": "yes", "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes", "ProtectKernelLogs": "yes", "ProtectControlGroups": "yes", "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes", "RemoveIPC": "yes", "UMask": "0077",
    "SystemCallArchitectures": "native", "MemoryDenyWriteExecute": "yes", "Restart": "always",
}  # fmt: skip
BOUNDED = ("MemoryMax", "TasksMax", "LimitNOFILE", "TimeoutStopSec")


def _settings(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit, in order of mention; sections do not matter, names are unique over those we use."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        match = re.match(r"([A-Za-z]+)=(.*)", line)
        if match:
            found.setdefault(match[1], []).append(match[2])
    return found


def _command(arguments: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `comanda` would run, and what is left of the arguments."""
    info = GROUPS[arguments[0]]
    command: click.Command = getattr(import_module(info.module), info.attribute)
    rest = arguments[1:]
    while isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def test_there_is_a_unit_for_each_process():
    assert [unit.stem for unit in UNITS] == [
        "comanda-edge", "comanda-hub-api", "comanda-hub-ingest", "comanda-hub-project", "comanda-link", "comanda-mirror", "comanda-nats",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.stem != "comanda-nats"], ids=lambda unit: unit.stem)
def test_a_unit_runs_a_command_that_exists_with_options_that_exist(unit):
    (line,) = _settings(unit)["ExecStart"]
    program, *arguments = shlex.split(line)
    assert program == PROGRAM
    command, rest = _command(arguments)
    known = {option for parameter in command.params for option in parameter.opts}
    assert {argument for argument in rest if argument.startswith("-")} <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_gives_away_what_its_process_does_not_need(unit):
    settings = _settings(unit)
    lacking = {name: wanted for name, wanted in HARDENING.items() if settings.get(name) != [wanted]}
    assert not lacking
    assert all(name in settings for name in BOUNDED), "everything is bounded"
    assert "SystemCallFilter" in settings
    assert "User" in settings or settings.get("DynamicUser") == ["yes"], "no process runs as root"


def test_the_api_of_a_box_has_no_network_of_its_own_and_takes_the_socket_of_its_unit():
    settings = _settings(ROOT / "systemd" / "comanda-edge.service")
    assert settings["PrivateNetwork"] == ["yes"]
    assert settings["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert "--fd 3" in settings["ExecStart"][0]
    assert settings["Requires"] == ["comanda-edge.socket"]
    assert _settings(ROOT / "systemd" / "comanda-edge.socket")["ListenStream"] == ["127.0.0.1:8080"], "loopback unless told otherwise"


def test_the_mirror_has_no_network_and_writes_nowhere_but_on_its_stick():
    settings = _settings(ROOT / "systemd" / "comanda-mirror.service")
    assert settings["PrivateNetwork"] == ["yes"]
    assert settings["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert settings["ReadOnlyPaths"] == ["/var/lib/comanda"]
    (stick,) = settings["ReadWritePaths"]
    assert stick in settings["ExecStart"][0].split()
    assert settings["RequiresMountsFor"] == [stick]
    assert "mnt-comanda\\x2dmirror.mount" in settings["WantedBy"][0], "it starts again when the stick is put back"


def test_secrets_of_the_hub_come_as_credentials_that_the_unit_then_names():
    for unit in UNITS:
        settings = _settings(unit)
        loaded = {credential.split(":")[0] for credential in settings.get("LoadCredential", [])}
        named = {value.split("=%d/")[1] for value in settings.get("Environment", [])}
        assert named == loaded, unit.stem
