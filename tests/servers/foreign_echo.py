#!/usr/bin/python3
"""foreign_echo.py FAULT - an echo server that is not ours, with one fault or none.

Prints its port. honest: none; flip: changes a byte; drop: loses a byte and makes up
one at the end; double: sends some bytes twice; close: hangs up in the
middle. It ends after 60 s.
"""
import asyncio
import sys


def spoil(fault, served, data):
    """What is sent back instead of data, once 1,000 bytes have been served honestly."""
    if served < 1000 or fault == "honest":
        return data
    if fault == "flip":
        return bytes([data[0] ^ 1]) + data[1:]
    if fault == "drop":
        return data[1:] + b"?"
    if fault == "double":
        return data + data[-1:]
    return b""


async def serve(fault, reader, writer):
    served = 0
    while data := await reader.read(65536):
        answer = spoil(fault, served, data)
        served += len(data)
        if not answer:
            break
        writer.write(answer)
        await writer.drain()
    writer.close()


async def quietly(serving):
    try:
        await serving
    except ConnectionError:
        pass  # the client has seen enough


async def main(fault):
    server = await asyncio.start_server(
        lambda r, w: quietly(serve(fault, r, w)), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(60)


asyncio.run(main(sys.argv[1]))
