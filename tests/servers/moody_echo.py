#!/usr/bin/python3
"""moody_echo.py PORT HOW [N] - an echo server with a mood, a thread a connection.

dies N: exits with status 3 at its Nth connection. flips N: changes its Nth byte, of each
connection. ignores: takes no notice of SIGTERM, and sets a process aside that neither it
nor its group has any more. Any other HOW: honest.
"""
import contextlib
import os
import signal
import socket
import sys
import threading


def serve(connection, how, number):
    seen = 0
    # Who goes away by RST ends his thread, and without a word: stderr is a test's.
    with connection, contextlib.suppress(ConnectionError):
        while data := bytearray(connection.recv(65536)):
            if how == "flips" and seen < number <= seen + len(data):
                data[number - 1 - seen] ^= 0xFF
            seen += len(data)
            connection.sendall(data)


def main():
    port, how = int(sys.argv[1]), sys.argv[2]
    number = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if how == "ignores":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            signal.pause()
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    accepted = 0
    while True:
        connection, _ = listener.accept()
        accepted += 1
        if how == "dies" and accepted == number:
            print("moody: that was enough", file=sys.stderr, flush=True)
            os._exit(3)
        threading.Thread(target=serve, args=(connection, how, number), daemon=True).start()


main()
