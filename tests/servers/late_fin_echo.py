#!/usr/bin/python3
"""late_fin_echo.py - an honest echo server that takes its time to say goodbye.

Prints its port. When a client has sent its FIN, it waits a moment before it closes; a
client that waits for the server's FIN has its place taken all that while. On SIGTERM it
prints two numbers, how many connections came and how many were open at most, and ends.
"""
import asyncio
import signal

LATE_S = 0.02
connections = {"came": 0, "open": 0, "most": 0}


async def serve(reader, writer):
    connections["came"] += 1
    connections["open"] += 1
    connections["most"] = max(connections["most"], connections["open"])
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        await asyncio.sleep(LATE_S)
    except ConnectionError:
        pass  # the load leaves with RST
    connections["open"] -= 1
    writer.close()


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait_for(stop.wait(), 60)
    print(connections["came"], connections["most"], flush=True)


asyncio.run(main())
