"""Settings: from the environment and a file, refused with the name of what is wrong."""

from pathlib import Path

import pytest

from hub.settings import HubSettings, load_settings
from shared.operator_error import OperatorError


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*(f"COMANDA_HUB_{field.upper()}" for field in HubSettings.model_fields), "COMANDA_HUB_CONFIG"]:
        monkeypatch.delenv(name, raising=False)


def test_every_setting_is_described() -> None:
    assert [name for name, field in HubSettings.model_fields.items() if not field.description] == []


def test_lists_are_separated_by_commas_and_shards_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMANDA_HUB_NATS_URLS", "nats://a:1, nats://b:2")
    monkeypatch.setenv("COMANDA_HUB_SHARDS", '{"s1": "postgresql://u:p@h/d"}')
    settings = load_settings(("shards",))
    assert settings.nats_urls == settings.urls_for_boxes == ["nats://a:1", "nats://b:2"]
    assert settings.shards == {"s1": "postgresql://u:p@h/d"}


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('api_port = 8100\napi_host = "::1"\n[shards]\ns1 = "postgresql://u@h/d"\n')
    monkeypatch.setenv("COMANDA_HUB_CONFIG", str(file))
    monkeypatch.setenv("COMANDA_HUB_API_PORT", "8200")
    settings = load_settings()
    assert (settings.api_host, settings.api_port, list(settings.shards)) == ("::1", 8200, ["s1"])
    assert load_settings(api_port=8300, api_host=None).api_port == 8300  # and the command line over both


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("CONTROL_DSN", "mysql://x", "settings.invalid"),
        ("SHARDS", '{"s 1": "postgresql://h/d"}', "settings.invalid"),
        ("SHARDS", '{"s1": ""}', "settings.invalid"),
        ("SHARDS", '{"control": "postgresql://h/d"}', "settings.invalid"),
        ("SHARDS", "{", "settings.malformed"),
        ("API_PORT", "70000", "settings.invalid"),
        ("CONFIG", "nowhere.toml", "settings.file_missing"),
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: str) -> None:
    monkeypatch.setenv(f"COMANDA_HUB_{name}", value)
    with pytest.raises(OperatorError) as refused:
        load_settings()
    assert refused.value.code == code
    assert name in refused.value.detail.upper()


def test_what_a_command_needs_has_to_be_set() -> None:
    with pytest.raises(OperatorError, match="COMANDA_HUB_CONTROL_DSN is not set"):
        load_settings(("control_dsn",))
