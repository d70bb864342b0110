"""The program's help: every command shows an example, every option names its environment variable.

What lives here: rules on the command line as a person meets it. What commands do is tested where they live.
"""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from comanda import GROUPS, program
from tests.tidy.source import ROOT


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """(path, command, context) of every command that does something, the groups left out."""

    def below(command: click.Command, path: str, parent: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
        context = click.Context(command, parent=parent, info_name=path.rsplit(maxsplit=1)[-1])
        if not isinstance(command, click.Group):
            yield path, command, context
            return
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from below(child, f"{path} {name}", context)

    root = click.Context(program, info_name="comanda")
    for name in GROUPS:
        group = program.get_command(root, name) if isinstance(program, click.Group) else None
        assert group is not None
        yield from below(group, f"comanda {name}", root)


def test_every_command_shows_an_example() -> None:
    without = [path for path, command, context in commands() if "Example" not in command.get_help(context)]
    assert not without, f"no example in the help of: {', '.join(without)}"


def test_every_command_and_option_is_explained() -> None:
    problems: list[str] = []
    for path, command, context in commands():
        if not command.get_short_help_str():
            problems.append(f"{path}: no help")
        for parameter in command.params:
            if not isinstance(parameter, click.Option):
                continue
            name, help_text = parameter.get_help_record(context) or ("", "")
            if not (parameter.help or "").strip():
                problems.append(f"{path} {name}: no help")
            variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or []
            problems += [f"{path} {name}: the help does not name {variable}" for variable in variables if variable not in help_text]
    assert not problems, "\n".join(problems)


def test_help_loads_no_group() -> None:
    """`comanda --help` must be quick, so it may import none of the groups."""
    script = "import sys, comanda\ntry:\n    comanda.main(['--help'])\nfinally:\n    print([n for n in sys.modules if n.endswith('.cli')])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "stderr"),
    [
        (["--version"], 0, ""),
        (["nonsense"], 2, "error: usage: No such command 'nonsense'."),
        (["--nonsense"], 2, "error: usage: No such option"),
        ([], 2, "Usage: comanda"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_explained(arguments: list[str], status: int, stderr: str) -> None:
    done = subprocess.run([sys.executable, "-m", "comanda", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == status
    assert done.stderr.startswith(stderr)
    assert "Traceback" not in done.stderr
