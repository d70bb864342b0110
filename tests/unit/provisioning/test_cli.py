"""The command lines of provisioning: what they print, how they refuse, and that their help shows how."""

import json
import os
import stat
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from provisioning.cli import group as provision
from provisioning.demo.cli import group as demo
from shared.operator_error import OperatorError


def _commands() -> list[tuple[str, click.Command]]:
    return [(f"{group.name} {name}", command) for group in (provision, demo) for name, command in group.commands.items()]


@pytest.mark.parametrize(("name", "command"), _commands(), ids=[name for name, _ in _commands()])
def test_every_command_shows_an_example_and_every_option_its_environment_variable(name, command):
    assert "\b\nExample:" in (command.help or "").replace("    ", "")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.envvar
            assert parameter.show_envvar


def test_nats_init_prints_what_the_hub_is_to_be_told(tmp_path):
    done = CliRunner().invoke(provision, ["nats-init", str(tmp_path / "nats"), "--port", "4333"])
    assert done.exit_code == 0, done.output
    told = dict(line.split("=", 1) for line in done.output.splitlines() if line.startswith("COMANDA_HUB_"))
    assert Path(told["COMANDA_HUB_NATS_CREDS"]).read_text().startswith("-----BEGIN NATS USER JWT-----")
    assert Path(told["COMANDA_HUB_SIGNING_KEY"]).read_text().startswith("SA")
    assert told["COMANDA_HUB_ACCOUNT_KEY"].startswith("A")
    assert 'listen: "127.0.0.1:4333"' in (tmp_path / "nats" / "nats.conf").read_text()


def test_nats_init_speaks_json_to_programs(tmp_path):
    done = CliRunner().invoke(provision, ["nats-init", str(tmp_path / "nats"), "--json"])
    made = json.loads(done.output)
    assert made["port"] == 4222
    assert set(made) >= {"directory", "conf", "hub_creds", "signing_seed", "account_public"}


def test_the_directory_of_a_broker_is_closed_to_others_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        assert CliRunner().invoke(provision, ["nats-init", str(tmp_path / "nats")]).exit_code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "nats").stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in (tmp_path / "nats").rglob("*"))


def test_nats_init_will_not_replace_keys(tmp_path):
    first = CliRunner().invoke(provision, ["nats-init", str(tmp_path / "nats")])
    second = CliRunner().invoke(provision, ["nats-init", str(tmp_path / "nats")])
    assert first.exit_code == 0
    assert isinstance(second.exception, OperatorError)
    assert second.exception.code == "nats.exists"


def test_nats_init_says_where_it_cannot_write(tmp_path):
    (tmp_path / "file").touch()
    done = CliRunner().invoke(provision, ["nats-init", str(tmp_path / "file" / "nats")])
    assert isinstance(done.exception, OperatorError)
    assert done.exception.code == "nats.unwritable"


@pytest.mark.parametrize("arguments", [["enroll"], ["enroll", "--hub", "https://h"], ["nats-init", "d", "--port", "99999"]])
def test_what_is_missing_or_out_of_range_is_a_usage_error(arguments):
    assert CliRunner().invoke(provision, arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["up", "--seconds", "1"], ["up", "--port-base", "80"], ["cut"]])
def test_the_demo_refuses_what_cannot_be(arguments):
    assert CliRunner().invoke(demo, arguments).exit_code == 2
