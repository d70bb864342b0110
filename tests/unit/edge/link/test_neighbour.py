"""Asking the edge over its Unix socket: what comes back, and what is said when nothing does."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from edge.link.neighbour import Neighbour, NeighbourError
from tests.support.waiting import eventually_async


async def serve(path: Path, answer: bytes, heard: list[bytes]) -> asyncio.Server:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
        heard.append(head.split(b"\r\n")[0] + b" " + await reader.readexactly(length))
        writer.write(answer)
        writer.close()

    return await asyncio.start_unix_server(client, str(path))


async def test_what_is_put_arrives_and_what_is_got_comes_back(short_dir: Path) -> None:
    heard: list[bytes] = []
    async with await serve(short_dir / "s", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", heard):
        edge = Neighbour(short_dir / "s")
        assert await edge.get("/v1/status") == b"hi"
        await edge.put("/v1/followers/cloud", b"{}")
        edge.close()
    assert heard == [b"GET /v1/status HTTP/1.1 ", b"PUT /v1/followers/cloud HTTP/1.1 {}"]


async def test_a_refusal_is_told_with_its_body(short_dir: Path) -> None:
    async with await serve(short_dir / "s", b"HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\nahead", []):
        edge = Neighbour(short_dir / "s")
        with pytest.raises(NeighbourError, match="409: ahead"):
            await edge.put("/", b"{}")
        edge.close()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut"])
async def test_an_edge_that_breaks_off_is_an_error_of_ours(short_dir: Path, answer: bytes) -> None:
    async with await serve(short_dir / "s", answer, []):
        with pytest.raises(NeighbourError):
            await Neighbour(short_dir / "s").get("/")


async def test_no_edge_at_all_is_the_same_error(short_dir: Path) -> None:
    with pytest.raises(NeighbourError, match="FileNotFoundError"):
        await Neighbour(short_dir / "nobody").get("/")


class Keeping:
    """An edge that keeps connections open, answers each request with 204, and can let go of all of them."""

    def __init__(self) -> None:
        self.clients: list[asyncio.StreamWriter] = []
        self.asked: list[int] = []  # over which connection each request came
        self.held: asyncio.Event | None = None
        self.gone = 0

    async def end(self) -> None:
        """Wait until whoever was connected has gone."""
        await eventually_async(lambda: self.gone == len(self.clients), "every connection closed")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        number = len(self.clients)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
                await reader.readexactly(length)
                self.asked.append(number)
                if self.held is not None:
                    await self.held.wait()
                writer.write(b"HTTP/1.1 204 No Content\r\ndate: now\r\n\r\n")
        writer.close()
        self.gone += 1


async def test_a_hundred_watermarks_go_over_one_connection(short_dir: Path) -> None:
    beside = Keeping()
    async with await asyncio.start_unix_server(beside.serve, str(short_dir / "s")):
        edge = Neighbour(short_dir / "s")
        await asyncio.gather(*(edge.put("/v1/followers/cloud", b"{}") for _ in range(100)))
        assert beside.asked == [1] * 100
        edge.close()
        await beside.end()


async def test_an_edge_that_was_restarted_is_asked_over_a_new_connection_and_nobody_hears_of_it(short_dir: Path) -> None:
    beside = Keeping()
    async with await asyncio.start_unix_server(beside.serve, str(short_dir / "s")):
        edge = Neighbour(short_dir / "s")
        await edge.put("/", b"{}")
        beside.clients[0].close()
        await beside.clients[0].wait_closed()
        await edge.put("/", b"{}")
        assert beside.asked == [1, 2]
        edge.close()
        await beside.end()


async def test_the_answer_to_a_request_that_was_given_up_is_not_taken_for_that_to_the_next(short_dir: Path) -> None:
    beside = Keeping()
    async with await asyncio.start_unix_server(beside.serve, str(short_dir / "s")):
        edge = Neighbour(short_dir / "s")
        beside.held = asyncio.Event()
        given_up = asyncio.ensure_future(edge.put("/slow", b"{}"))
        await eventually_async(lambda: beside.asked, "the request")
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        beside.held.set()
        beside.held = None
        await edge.put("/next", b"{}")
        assert beside.asked == [1, 2]
        edge.close()
        await beside.end()
