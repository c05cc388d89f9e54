#!/usr/bin/python3
"""asyncio_echo.py PORT - an echo server as the asyncio documentation would have it.

For muxbench conform: a stranger, on 127.0.0.1, with the flow control that streams offer.
It ends by SIGTERM as any Python program does.
"""
import asyncio
import sys


async def serve(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        writer.transport.abort()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
