"""Fixtures that every kind of test may ask for. What they are made of is in tests/support."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.postgres import Database, TestPostgres
from tests.support.programs import EdgeBox, Program
from tests.support.proxy import ThreadedProxy

# No test judges elapsed time, so no example has a deadline: a busy machine is no mistake of the program.
settings.register_profile("comanda", deadline=None)
settings.load_profile("comanda")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Whatever a test starts, it pushes here to be stopped, last first."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory with a short path: those of pytest can be too long for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="comanda-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """One Postgres for the session, without fsync. Never stop or kill it; a test that must makes its own (`own_postgres`)."""
    with tempfile.TemporaryDirectory(prefix="comanda-pg-", ignore_cleanup_errors=True) as directory:
        instance = TestPostgres(Path(directory))
        try:
            yield instance
        finally:
            instance.server.stop()


@pytest.fixture
def make_database(postgres: TestPostgres, stack: ExitStack) -> Callable[[str], Database]:
    """Makes fresh databases on the session's Postgres, dropped after the test."""

    def make(prefix: str = "test") -> Database:
        database = postgres.create(prefix)
        stack.callback(postgres.drop, database)
        return database

    return make


@pytest.fixture
def database(make_database: Callable[[str], Database]) -> Database:
    """A fresh database of the test's own."""
    return make_database("test")


@pytest.fixture
def own_postgres(short_dir: Path, stack: ExitStack) -> Callable[..., TestPostgres]:
    """Makes Postgres instances that belong to the test, to be stopped, killed and started by it."""

    def make(name: str = "own", *, fsync: bool = True) -> TestPostgres:
        instance = TestPostgres(short_dir / name, fsync=fsync)
        stack.callback(instance.server.stop)
        return instance

    return make


@pytest.fixture
def broker(short_dir: Path, stack: ExitStack) -> Broker:
    """A NATS server of the test's own in operator mode, running."""
    made = Broker(short_dir)
    stack.callback(made.server.stop)
    made.server.start()
    return made


@pytest.fixture
def make_proxy(stack: ExitStack) -> Callable[[int], ThreadedProxy]:
    """Makes cuttable TCP proxies before a port."""

    def make(target: int) -> ThreadedProxy:
        proxy = ThreadedProxy(target)
        stack.callback(proxy.stop)
        return proxy

    return make


@pytest.fixture
def make_edge(stack: ExitStack) -> Callable[..., EdgeBox]:
    """Makes the two processes of a box over an enrolled directory; started by the test, stopped after it."""

    def make(data_dir: Path, **options: object) -> EdgeBox:
        box = EdgeBox(data_dir, **options)  # type: ignore[arg-type] - handed on as given
        stack.callback(box.stop)
        return box

    return make


@pytest.fixture
def make_program(short_dir: Path, stack: ExitStack) -> Callable[..., Program]:
    """Makes a process of `comanda` from its arguments; started by the test, stopped after it."""

    def make(name: str, *arguments: str | Path, env: dict[str, str] | None = None) -> Program:
        program = Program(name, short_dir / "log", *arguments, env=env)
        stack.callback(program.stop)
        return program

    return make


@pytest.fixture
def hub(short_dir: Path, broker: Broker, postgres: TestPostgres, stack: ExitStack) -> HubStack:
    """A hub with two shards on fresh databases, not yet started (`hub.start()`), stopped after the test."""
    made = HubStack.create(short_dir, broker, postgres)
    for database in (made.control, *made.shards.values()):
        stack.callback(postgres.drop, database)
    stack.callback(made.stop)
    return made
