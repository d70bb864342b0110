"""A NATS server in operator mode, from nothing: keys, accounts, configuration.

What lives here: making operator, system account and the APP account, and writing them down. Running the server is the
business of systemd, or of servers.py in development; what a token says is in shared/protocol/nats_jwt.py.
"""

from pathlib import Path

import msgspec

from provisioning.files import make_private_dir, write_file
from provisioning.keys import KeyPair, new_account, new_operator, new_user
from shared.limits import (
    JETSTREAM_DISK_BYTES_MAX,
    JETSTREAM_MEMORY_BYTES_MAX,
    NATS_PAYLOAD_BYTES_MAX,
)
from shared.operator_error import OperatorError
from shared.protocol.nats_jwt import account_jwt, creds_file, operator_jwt, user_jwt

__all__ = ["NatsHome", "init_nats", "read_nats_home"]

CONF, HOME = "nats.conf", "nats.json"


class NatsHome(msgspec.Struct, frozen=True, kw_only=True):
    """What `init_nats` made, as kept in `nats.json`. Paths are absolute; `account_public` is what the hub is told."""

    directory: str
    conf: str
    hub_creds: str
    system_creds: str
    signing_seed: str
    account_public: str
    signing_public: str
    operator_public: str
    port: int


def init_nats(directory: Path, *, host: str, port: int, issued_at: int) -> NatsHome:
    """Make `directory` the home of a new operator and server. Raises OperatorError when it already is one.

    The operator's and account's seeds go to `keys/`: they are needed only to change an account (a new signing key, a
    revocation) and belong off the machine afterwards.
    """
    directory = directory.absolute()
    if (directory / CONF).exists():
        raise OperatorError(
            "nats.exists",
            f"{directory} already holds a NATS configuration.",
            "Choose an empty directory: new keys would shut out every box that has credentials from these.",
        )
    operator, system, account, signing = new_operator(), new_account(), new_account(), new_account()
    hub, admin = new_user(), new_user()
    tokens = {
        "operator": operator_jwt(operator.public, operator.sign, "comanda", system.public, issued_at),
        "system": account_jwt(operator.public, operator.sign, system.public, "SYS", issued_at),
        "app": account_jwt(operator.public, operator.sign, account.public, "APP", issued_at, signing_public=signing.public, jetstream=True),
    }
    home = NatsHome(
        directory=str(directory),
        conf=str(directory / CONF),
        hub_creds=str(directory / "hub.creds"),
        system_creds=str(directory / "system.creds"),
        signing_seed=str(directory / "signing.seed"),
        account_public=account.public,
        signing_public=signing.public,
        operator_public=operator.public,
        port=port,
    )
    make_private_dir(directory)
    make_private_dir(directory / "keys")
    for name, pair in (("operator", operator), ("system", system), ("account", account)):
        write_file(directory / "keys" / f"{name}.seed", pair.seed + "\n")
    write_file(directory / "signing.seed", signing.seed + "\n")
    _write_creds(Path(home.hub_creds), account, hub, "hub", issued_at)
    _write_creds(Path(home.system_creds), system, admin, "admin", issued_at)
    write_file(directory / HOME, msgspec.json.format(msgspec.json.encode(home), indent=2).decode() + "\n")
    accounts = {system.public: tokens["system"], account.public: tokens["app"]}
    write_file(
        directory / CONF, _conf(directory, host, port, tokens["operator"], system.public, accounts)
    )  # last: it says that all is there
    return home


def read_nats_home(directory: Path) -> NatsHome:
    """What `init_nats` made there. Raises OperatorError when it did not, or not to the end."""
    if not (directory / CONF).exists():
        raise OperatorError("nats.missing", f"{directory} holds no NATS configuration.", f"Run: comanda provision nats-init {directory}")
    try:
        return msgspec.json.decode((directory / HOME).read_bytes(), type=NatsHome)
    except (OSError, msgspec.MsgspecError) as error:
        raise OperatorError("nats.damaged", f"{directory / HOME} cannot be read: {error}", "Restore it from a backup.") from error


def _write_creds(path: Path, account: KeyPair, user: KeyPair, name: str, issued_at: int) -> None:
    token = user_jwt(account.public, account.sign, user.public, name, issued_at)
    write_file(path, creds_file(token, user.seed))


def _conf(directory: Path, host: str, port: int, operator: str, system_public: str, accounts: dict[str, str]) -> str:
    """The server's configuration. The full resolver keeps accounts on disk, so that a revocation outlives a restart."""
    preload = "\n".join(f"  {public}: {token}" for public, token in accounts.items())
    return f"""# Written by `comanda provision nats-init`.
listen: "{host}:{port}"
server_name: comanda
max_payload: {NATS_PAYLOAD_BYTES_MAX}
operator: {operator}
system_account: {system_public}
# A JetStream acknowledgement is no promise here: only the hub's watermark is, so the default sync interval is fine.
jetstream {{
  store_dir: "{directory / "jetstream"}"
  max_file_store: {JETSTREAM_DISK_BYTES_MAX}
  max_memory_store: {JETSTREAM_MEMORY_BYTES_MAX}
}}
resolver: {{ type: full, dir: "{directory / "accounts"}", allow_delete: false, interval: "2m" }}
resolver_preload: {{
{preload}
}}
"""
