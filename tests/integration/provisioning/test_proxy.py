"""The line that can be cut: packets stop, connections stay open, and after healing nothing is lost or doubled."""

import asyncio
from contextlib import AsyncExitStack

from provisioning.demo.proxy import CuttableProxy
from provisioning.process import free_port
from tests.support.waiting import eventually_async


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def _line(opened: AsyncExitStack) -> CuttableProxy:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    opened.callback(server.close)
    proxy = CuttableProxy(free_port(), server.sockets[0].getsockname()[1])
    await proxy.start()
    opened.push_async_callback(proxy.stop)
    return proxy


async def _connect(opened: AsyncExitStack, proxy: CuttableProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    opened.callback(writer.close)
    return reader, writer


async def _is_silent(reader: asyncio.StreamReader) -> bool:
    """Nothing arrives, and no end either, although there has been every chance for it."""
    try:
        await asyncio.wait_for(reader.read(1), 0.2)
    except TimeoutError:
        return True
    return False


async def test_what_is_said_while_cut_arrives_after_healing_in_order():
    async with AsyncExitStack() as opened:
        proxy = await _line(opened)
        reader, writer = await _connect(opened, proxy)
        writer.write(b"before ")
        assert await reader.readexactly(7) == b"before "
        proxy.cut()
        writer.write(b"during ")
        assert await _is_silent(reader)
        writer.write(b"and more ")
        proxy.heal()
        writer.write(b"after")
        assert await asyncio.wait_for(reader.readexactly(21), 5.0) == b"during and more after"


async def test_a_connection_made_while_cut_is_accepted_and_served_after_healing():
    async with AsyncExitStack() as opened:
        proxy = await _line(opened)
        proxy.cut()
        reader, writer = await _connect(opened, proxy)
        writer.write(b"hello")
        assert await _is_silent(reader)
        proxy.heal()
        assert await asyncio.wait_for(reader.readexactly(5), 5.0) == b"hello"


async def test_an_end_during_the_cut_is_not_heard_until_it_is_healed():
    async with AsyncExitStack() as opened:
        proxy = await _line(opened)
        reader, writer = await _connect(opened, proxy)
        writer.write(b"x")
        await reader.readexactly(1)
        proxy.cut()
        writer.write_eof()
        assert await _is_silent(reader)
        proxy.heal()
        assert await asyncio.wait_for(reader.read(1), 5.0) == b""


async def test_a_megabyte_passes_whole():
    async with AsyncExitStack() as opened:
        proxy = await _line(opened)
        reader, writer = await _connect(opened, proxy)
        data = bytes(range(256)) * 4096
        sending = asyncio.ensure_future(_send(writer, data))
        assert await asyncio.wait_for(reader.readexactly(len(data)), 10.0) == data
        await sending


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def test_with_nobody_at_the_far_end_the_connection_is_closed():
    async with AsyncExitStack() as opened:
        proxy = CuttableProxy(free_port(), free_port())
        await proxy.start()
        opened.push_async_callback(proxy.stop)
        reader, _ = await _connect(opened, proxy)

        async def is_closed() -> bool:
            try:
                return await reader.read(1) == b""
            except ConnectionError:
                return True

        await eventually_async(is_closed, "the connection ends")
