"""Settings of the edge's processes, from the environment or a TOML file, validated once at start.

What lives here: every setting with its meaning (docs/settings.md is made from it), and how they are read. Who uses it is not known here.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from shared.limits import RETENTION_DAYS_MIN
from shared.operator_error import OperatorError

__all__ = ["CONFIG_VARIABLE", "EdgeSettings", "LinkSettings", "MirrorSettings", "settings_of"]

CONFIG_VARIABLE = "COMANDA_EDGE_CONFIG"


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="COMANDA_EDGE_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("/var/lib/comanda"), description="Directory of box.toml, box.creds, journal.db and edge.sock.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over the TOML file named by COMANDA_EDGE_CONFIG."""
        file = os.environ.get(CONFIG_VARIABLE)
        toml = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *toml)


class EdgeSettings(_Settings):
    """`comanda edge serve`."""

    host: str = Field("127.0.0.1", description="Address to listen on. Anything but loopback needs trust_loopback off or paired devices.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the API; 0 takes a free one.")
    fd: int | None = Field(
        None, ge=3, description="File descriptor of a listening socket handed over by systemd, instead of host and port."
    )
    trust_loopback: bool = Field(True, description="Whether an unpaired client on loopback may act as a POS, until pairing exists.")
    retention_days: int = Field(
        RETENTION_DAYS_MIN,
        ge=RETENTION_DAYS_MIN,
        description="Days that entries stay on the box at least; what is not in the cloud stays longer.",
    )
    ui_dir: Path | None = Field(None, description="Directory of the built web apps; by default the one beside the program.")


class LinkSettings(_Settings):
    """`comanda edge link`."""

    nats_urls: str = Field("", description="Comma-separated NATS URLs, instead of those in box.toml.")


class MirrorSettings(_Settings):
    """`comanda edge mirror`."""

    mirror_same_disk: bool = Field(False, description="Whether a mirror may lie on the disk of the journal, which loses both at once.")


def settings_of(cls: Any, **given: Any) -> Any:
    """Settings from the command line over environment over file. Raises OperatorError for what cannot be used."""
    file = os.environ.get(CONFIG_VARIABLE)
    if file and not Path(file).is_file():
        what = f"{CONFIG_VARIABLE} names {file}, which is no file."
        raise OperatorError("settings.file_missing", what, "Write the file, or unset the variable.")
    try:
        return cls(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OperatorError("settings.invalid", f"{where}: {first['msg']}", "See docs/settings.md for what it takes.") from error
    except ValueError as error:
        raise OperatorError("settings.malformed", f"{file} is no TOML: {error}", "Correct the file.") from error
