"""Settings: command line over environment over file, and bad ones told by name."""

from pathlib import Path

import pytest

from edge.settings import EdgeSettings, LinkSettings, settings_of
from shared.operator_error import OperatorError


def test_command_line_wins_over_environment_and_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "edge.toml"
    file.write_text('port = 1001\nhost = "127.0.0.3"\ntrust_loopback = false\n')
    monkeypatch.setenv("COMANDA_EDGE_CONFIG", str(file))
    monkeypatch.setenv("COMANDA_EDGE_PORT", "1002")
    monkeypatch.setenv("COMANDA_EDGE_HOST", "127.0.0.2")
    made = settings_of(EdgeSettings, host=None, port=1003)
    assert (made.port, made.host, made.trust_loopback) == (1003, "127.0.0.2", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "70000"), ("PORT", "-1"), ("TRUST_LOOPBACK", "perhaps"), ("FD", "0")],
)
def test_a_bad_setting_is_told_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"COMANDA_EDGE_{name}", value)
    with pytest.raises(OperatorError, match=f"settings.invalid: {name.lower()}"):
        settings_of(EdgeSettings)


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b'port = "x"\n', None])
def test_a_bad_settings_file_is_told(content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named but missing is a mistake too: the box would run with settings that nobody chose."""
    file = tmp_path / "edge.toml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("COMANDA_EDGE_CONFIG", str(file))
    with pytest.raises(OperatorError, match=r"settings\.(invalid|malformed|file_missing)"):
        settings_of(EdgeSettings)


def test_both_processes_may_share_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "edge.toml"
    file.write_text('port = 1001\nnats_urls = "nats://a:1"\n')
    monkeypatch.setenv("COMANDA_EDGE_CONFIG", str(file))
    assert settings_of(EdgeSettings).port == 1001
    assert settings_of(LinkSettings).nats_urls == "nats://a:1"
