#!/usr/bin/python3
"""touched_echo.py - an honest echo server that remembers who sent.

Prints its port; on SIGTERM it prints two numbers, how many connections have sent anything
and how many bytes the busiest one sent, and ends.
"""
import asyncio
import signal

sent = {}


async def serve(reader, writer):
    while data := await reader.read(65536):
        sent[writer] = sent.get(writer, 0) + len(data)
        writer.write(data)
        await writer.drain()
    writer.close()


async def quietly(serving):
    try:
        await serving
    except ConnectionError:
        pass  # the load leaves with RST


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(
        lambda r, w: quietly(serve(r, w)), "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait_for(stop.wait(), 60)
    print(len(sent), max(sent.values(), default=0), flush=True)


asyncio.run(main())
