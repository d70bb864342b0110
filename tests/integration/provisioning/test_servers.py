"""The launcher of NATS and Postgres: what a test or the demo may do to them, and that nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from provisioning.nats_init import init_nats
from provisioning.process import Child, free_port, is_listening
from provisioning.servers import APP_ROLE, PostgresServer
from shared.operator_error import OperatorError
from tests.support.programs import ROOT
from tests.support.waiting import eventually


async def test_postgres_keeps_what_was_committed_through_kill_9_on_the_same_port(own_postgres):
    postgres = own_postgres()
    database = postgres.create()
    connection = await asyncpg.connect(database.owner_dsn)
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
    connection.terminate()
    postgres.server.kill()
    assert not is_listening(postgres.server.port)
    postgres.server.start()
    connection = await asyncpg.connect(database.owner_dsn)
    assert await connection.fetchval("SELECT n FROM kept") == 42
    await connection.close()


async def test_the_superuser_is_let_in_through_the_socket_only(postgres, database):
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgresql://postgres:any@127.0.0.1:{postgres.server.port}/{database.name}")


async def test_the_role_of_the_hub_is_neither_owner_nor_above_row_level_security(postgres, database):
    connection = await asyncpg.connect(database.app_dsn)
    row = await connection.fetchrow("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
    assert row is not None
    assert not any(row.values())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (n int)")
    await connection.close()
    assert postgres.server.superuser_sql(f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{database.name}'") != APP_ROLE


def test_roles_and_databases_are_made_once_however_often_they_are_asked_for(postgres, database):
    postgres.server.ensure_database(database.name)
    postgres.server.init()


def test_a_server_that_cannot_start_says_why_with_the_end_of_its_log(own_postgres, short_dir):
    running = own_postgres()
    second = PostgresServer(running.server.directory, free_port(), short_dir / "second.log")
    with pytest.raises(OperatorError, match="lock file"):
        second.start()


def test_nats_comes_back_after_kill_9_on_the_same_port_and_data(broker):
    broker.server.kill()
    assert not is_listening(broker.server.port)
    broker.server.start()
    assert is_listening(broker.server.port)


def test_a_nats_home_is_not_overwritten(broker, short_dir):
    with pytest.raises(OperatorError, match=r"nats\.exists"):
        init_nats(short_dir / "nats", host="127.0.0.1", port=1, issued_at=0)


def test_secrets_are_readable_by_their_owner_only(broker, short_dir):
    for file in (short_dir / "nats").rglob("*"):
        if file.suffix in {".seed", ".creds"}:
            assert file.stat().st_mode & 0o777 == 0o600, file


def test_children_die_with_their_parent_even_when_that_is_killed(short_dir):
    """A demo that is killed with -9 leaves no server behind."""
    port = free_port()
    home = init_nats(short_dir / "nats", host="127.0.0.1", port=port, issued_at=0)
    script = f"""
import sys, time, pathlib, json
sys.path.insert(0, {str(ROOT)!r})
from provisioning.servers import NatsServer, PostgresServer
nats = NatsServer(pathlib.Path({home.conf!r}), {port}, pathlib.Path({str(short_dir)!r}) / "nats.log")
nats.start()
postgres = PostgresServer(pathlib.Path({str(short_dir)!r}) / "pg", {free_port()}, pathlib.Path({str(short_dir)!r}) / "pg.log", fsync=False)
postgres.init(); postgres.start()
print(json.dumps([nats.child.pid, postgres.child.pid, postgres.port]), flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        nats_pid, postgres_pid, postgres_port = json.loads(parent.stdout.readline())
        assert is_listening(port)
        assert is_listening(postgres_port)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    eventually(lambda: not is_listening(port) and not is_listening(postgres_port), "both servers are gone")
    eventually(lambda: not _is_alive(nats_pid) and not _is_alive(postgres_pid), "both processes are gone")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_what_does_not_stop_when_asked_is_killed_with_everything_it_started(short_dir):
    """The child ignores the request, and its own child would live on."""
    marker = short_dir / "grandchild"
    script = f"trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > {marker}; while :; do sleep 60; done' & wait; wait"
    child = Child("stubborn", ["sh", "-c", script], short_dir / "log")
    child.start()
    grandchild = int(eventually(lambda: marker.exists() and marker.read_text().strip()))
    assert not child.stop(timeout_s=0.3)
    eventually(lambda: not _is_alive(grandchild), "nothing of the group is left")
