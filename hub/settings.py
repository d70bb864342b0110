"""Settings of the hub, validated once.

What lives here: names, defaults and checks. They come from the environment (`COMANDA_HUB_…`) or from the TOML file that
`COMANDA_HUB_CONFIG` names; the environment wins. Nothing is connected here.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from shared.operator_error import OperatorError
from shared.protocol.keys import is_account_key

__all__ = ["PREFIX", "HubSettings", "load_settings"]

PREFIX = "COMANDA_HUB_"
CONFIG = "COMANDA_HUB_CONFIG"


def _split(value: object) -> object:
    """A list from the environment: separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Urls = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Keys = Annotated[list[str], NoDecode, BeforeValidator(_split)]


class HubSettings(BaseSettings):
    """Everything that the hub's processes and commands are told. Each command says which of these it needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    control_dsn: str = Field("", description="DSN of the control database for the processes; its user is neither owner nor superuser.")
    control_admin_dsn: str = Field("", description="DSN of the control database for its owner; only `migrate` uses it.")
    shards: dict[str, str] = Field({}, description='DSN of each shard for the processes, by name: {"s1": "postgresql://…"}.')
    shards_admin: dict[str, str] = Field({}, description="DSN of each shard for its owner, by the same names; only `migrate` uses it.")
    nats_urls: Urls = Field(["nats://127.0.0.1:4222"], description="The broker, as the hub reaches it; separated by commas.")
    nats_creds: Path | None = Field(None, description="Credentials file of the hub's NATS user (mode 0600).")
    stream_replicas: int = Field(1, ge=1, le=5, description="Replicas of the lane streams: 1 on one server, 3 in a cluster.")
    signing_key: Path | None = Field(
        None, description="File with the seed of the account's scoped signing key (SA…): it signs the claims of boxes."
    )
    account_key: str = Field("", description="Public key of the NATS account (A…).")
    claim_issuers: Keys = Field(
        [],
        description="Public keys (A…) whose claims of boxes are believed, separated by commas; that of signing_key is one of them anyway.",
    )
    box_nats_urls: Urls = Field([], description="The broker, as boxes reach it: a claim tells them; by default the same as nats_urls.")
    api_host: str = Field("127.0.0.1", description="Address that the API listens on.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port that the API listens on.")
    metrics_host: str = Field("127.0.0.1", description="Address for the metrics of ingest and project.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port for the metrics of ingest and project; 0 turns it off.")

    @field_validator("control_dsn", "control_admin_dsn")
    @classmethod
    def _is_dsn(cls, value: str) -> str:
        return _ensure_dsn(value)

    @field_validator("claim_issuers")
    @classmethod
    def _are_issuers(cls, value: list[str]) -> list[str]:
        for key in value:
            if not is_account_key(key):
                raise ValueError(f"{key[:64]!r} is no public key of an account: it has 56 characters and begins with A")
        return value

    @field_validator("shards", "shards_admin")
    @classmethod
    def _are_dsns(cls, value: dict[str, str]) -> dict[str, str]:
        for name, dsn in value.items():
            if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"{name!r} is no name of a shard: use letters, digits, - and _")
            if name == "control":  # `comanda hub restored control` means the control database
                raise ValueError("no shard can be named 'control': that is the control database")
            if not _ensure_dsn(dsn):
                raise ValueError(f"shard {name!r} has no DSN")
        return value

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource, file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        config = os.environ.get(CONFIG)
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(config))) if config else sources

    @property
    def urls_for_boxes(self) -> list[str]:
        return self.box_nats_urls or self.nats_urls


def _ensure_dsn(value: str) -> str:
    if value and not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return value


def load_settings(needed: Sequence[str] = (), **overrides: Any) -> HubSettings:
    """The settings, with those of `overrides` that are not None. Raises OperatorError for a bad, or missing `needed`, one."""
    config = os.environ.get(CONFIG)
    if config and not Path(config).is_file():
        raise OperatorError(
            "settings.file_missing", f"{CONFIG} names {config}, which is no file.", "Write the file, or unset the variable."
        )
    try:
        settings = HubSettings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise _bad(name, str(first["msg"])) from error
    except ValueError as error:  # the file is no TOML, or a variable no JSON
        raise OperatorError(
            "settings.malformed", str(error), f"Correct the {PREFIX}… variables or the file that {CONFIG} names."
        ) from error
    for name in needed:
        if not getattr(settings, name):
            raise OperatorError(
                "settings.missing", f"{PREFIX}{name.upper()} is not set.", f"Set it: {HubSettings.model_fields[name].description}"
            )
    return settings


def _bad(name: str, what: str) -> OperatorError:
    field = HubSettings.model_fields.get(name.split(".", maxsplit=1)[0])
    hint = field.description if field and field.description else "See docs/settings.md."
    return OperatorError("settings.invalid", f"{PREFIX}{name.upper()}: {what}", hint)
