"""Asking the edge over its Unix socket: what comes back, and what is said when nothing does."""

import asyncio
from pathlib import Path

import pytest

from edge.link.neighbour import Neighbour, NeighbourError


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
    assert heard == [b"GET /v1/status HTTP/1.1 ", b"PUT /v1/followers/cloud HTTP/1.1 {}"]


async def test_a_refusal_is_told_with_its_body(short_dir: Path) -> None:
    async with await serve(short_dir / "s", b"HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\nahead", []):
        with pytest.raises(NeighbourError, match="409: ahead"):
            await Neighbour(short_dir / "s").put("/", b"{}")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut"])
async def test_an_edge_that_breaks_off_is_an_error_of_ours(short_dir: Path, answer: bytes) -> None:
    async with await serve(short_dir / "s", answer, []):
        with pytest.raises(NeighbourError):
            await Neighbour(short_dir / "s").get("/")


async def test_no_edge_at_all_is_the_same_error(short_dir: Path) -> None:
    with pytest.raises(NeighbourError, match="FileNotFoundError"):
        await Neighbour(short_dir / "nobody").get("/")
