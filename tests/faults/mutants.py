#!/usr/bin/python3
"""mutants.py - does the contract find faults? Plants one at a time in a copy, and looks.

    mutants.py [NAME...]    all, or those whose name has NAME in it; 1 if one is not found

Each mutant is one change of one source file; the copy is built and the cases that ought to
notice are run over the backends that it is in. Found: at least one of them fails. A change
that no longer fits the source is an error too, for then nothing was looked at.
BUILD names the folder of a build whose test_contract.t is used as it is.
"""
import os
import shutil
import subprocess
import sys
import tempfile

LOOP, RING, POLL = ("backends/%s.c" % name for name in ("readiness", "io_uring", "poll"))

# name, file, old text, new text, backends, pattern of the cases that ought to notice
MUTANTS = [
    ("a rested listener tries again only when something happens", LOOP,
     "wait_and_dispatch(loop, loop->listener_resumes_ns);", "wait_and_dispatch(loop, 0);",
     "poll,epoll-et", "*room that comes unnoticed*"),
    ("EMFILE is taken for one bad connection", "backends/accept.c",
     "\tcase EMFILE:\n", "", "epoll-lt,io_uring", "*out of descriptors*"),
    ("EINTR ends the loop", LOOP,
     "return count == -EINTR ? 0 : count;", "return count;",
     "epoll-lt", "*stopped and continued*"),
    ("an edge is not asked for again when the budget ends", LOOP,
     "bool again = is_edge_triggered(loop) && result != -EAGAIN;", "bool again = false;",
     "epoll-et", "*16 MiB there and back*"),
    ("no budget", LOOP,
     "moved < ECHO_BUDGET_BYTES);", "moved < (size_t)1 << 40);",
     "epoll-et", "*fire-hose*"),
    ("what a short write left is moved from the wrong place", LOOP,
     "loop->scratch + echo->offset, echo->owed);", "loop->scratch, echo->owed);",
     "select,epoll-lt", "*16 MiB to a reader*"),
    ("a short write counts as whole", "backends/echo.c",
     "\techo->owed -= (uint32_t)result;\n", "\techo->owed = 0;\n",
     "poll,io_uring", "*half-close while the server is blocked*"),
    ("always interested in writing", LOOP,
     "== ECHO_WRITE ? READY_WRITE : READY_READ;",
     "== ECHO_WRITE ? READY_WRITE : READY_READ | READY_WRITE;",
     "poll,epoll-lt", "*10,000 idle*"),
    ("wakes ten times a second for nothing", LOOP,
     "clock_timeout_ms(wake_ns) : -1;", "clock_timeout_ms(wake_ns) : 100;",
     "select,epoll-lt", "*10,000 idle*"),
    ("interested in reading while it owes", LOOP,
     "== ECHO_WRITE ? READY_WRITE : READY_READ;",
     "== ECHO_WRITE ? READY_WRITE | READY_READ : READY_READ;",
     "poll,epoll-lt", "*1,000 stalled readers*"),
    ("holds 128 KiB for who does not read", "backends/echo.h",
     "ECHO_BUFFER_BYTES = 32 * 1024,", "ECHO_BUFFER_BYTES = 128 * 1024,",
     "poll,io_uring", "*1,000 stalled readers*"),
    ("eight connections share a buffer", "backends/buffers.h",
     "(size_t)fd *", "(size_t)(fd % 8) *",
     "select-wide,io_uring", "*1,000 stalled readers*"),
    ("some descriptors are never closed", "backends/calls.h",
     "\tclose(fd);",
     "\tif (fd % 4)\n\t\tclose(fd);\n\telse\n\t\tshutdown(fd, SHUT_RDWR);",
     "epoll-lt,io_uring", "*2,000 come and go*"),
    ("the number that moved into a hole is not found again", POLL,
     "\t\ts->index_of[entry->fd] = s->index_of[fd];\n", "",
     "poll", "*reports about numbers*"),
    ("errors are not counted", LOOP,
     "if (connection->echo.error < 0)", "if (0 && connection->echo.error < 0)",
     "select,epoll-et", "*an RST with bytes unread*"),
    ("a reset connection stays open", "backends/echo.c",
     "\techo->error = error;\n", "\techo->error = error;\n\tif (error == -ECONNRESET)\n"
     "\t\treturn echo->next = ECHO_READ;\n",
     "epoll-lt,io_uring", "*RSTs in one batch*"),
    ("one connection for each report of the listener", LOOP,
     "connection_open(loop, fd);\n\t\t\tcontinue;",
     "connection_open(loop, fd);\n\t\t\treturn 0;",
     "epoll-et", "*600 connections at once*"),
    ("a limit that is not told", "backends/select.c",
     ".fds_limit = FD_SETSIZE,", ".fds_limit = 0,",
     "select", "*past 1,024*"),
    ("what is owed is dropped at the end", "backends/backend.h",
     "STOP_FLUSH_MS = ", "STOP_FLUSH_MS = 0 * ",
     "poll,io_uring", "*SIGTERM: what is owed*"),
    ("requests are still served after the signal", LOOP,
     "loop->connections[fd].echo.next == ECHO_READ)", "false)",
     "epoll-lt", "*SIGTERM while one is owed*"),
    ("urgent bytes stand in the stream", "backends/calls.h",
     "\tif (fd >= 0)\n\t\treturn fd;",
     "\tsetsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &(int){1}, sizeof(int));\n"
     "\tif (fd >= 0)\n\t\treturn fd;",
     "select-wide,epoll-et", "*an urgent byte*"),
    ("results past 4,096 in one go are overlooked", RING,
     "\t\tif (error == 0)\n\t\t\terror = on_completion(",
     "\t\tif (error == 0 && count < 4096)\n\t\t\terror = on_completion(",
     "io_uring", "*where the kernel queues results at will*"),
    ("a ring that cannot be made is an error like any other", RING,
     "\t.probe = io_uring_probe_best,\n", "",
     "io_uring", "*no ring to be had*"),
    ("edge-triggered, but asked for again after each echo", LOOP,
     "(loop->stopping || !is_edge_triggered(loop)))", "true)",
     "epoll-et", "*an echo costs the calls*"),
]


def build(folder):
    # neither our BUILD nor the settings of the make that runs us
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    return subprocess.run(["make", "-s", "-j2", "-C", folder, "build/muxbench-server",
                           "build/select_wide.so"], env=environment,
                          capture_output=True, text=True)


def plant(folder, file, old, new):
    path = os.path.join(folder, file)
    source = open(path).read()
    if source.count(old) != 1:
        return f"{source.count(old)} places for it in {file}"
    open(path, "w").write(source.replace(old, new))
    return None


def is_found(folder, contract, backends, pattern):
    """None: the cases passed. Else the names of those that failed."""
    environment = dict(os.environ, BUILD=os.path.join(folder, "build"),
                       CMOCKA_MESSAGE_OUTPUT="TAP")
    run = subprocess.run([contract, "--backends", backends, pattern], env=environment,
                         capture_output=True, text=True, timeout=300)
    lines = run.stdout.splitlines()
    failed = [line for line in lines if line.startswith("not ok")]
    if not failed and not any(line.startswith("ok") for line in lines):
        return ["nothing ran: " + run.stdout[-200:] + run.stderr[-200:]], False
    return [line.split(" - ", 1)[-1] for line in failed], bool(failed)


def look_at(folder, top, contract, mutant):
    name, file, old, new, backends, pattern = mutant
    problem = plant(folder, file, old, new)
    try:
        if problem:
            return problem, False
        made = build(folder)
        if made.returncode:
            return "does not compile: " + made.stderr[-400:], False
        failed, found = is_found(folder, contract, backends, pattern)
        return "; ".join(failed) or "NOT FOUND", found
    finally:
        shutil.copy2(os.path.join(top, file), os.path.join(folder, file))
        os.utime(os.path.join(folder, file))  # or make would keep the mutant's object


def main(words):
    top = os.getcwd()
    contract = os.path.join(os.environ["BUILD"], "tests/contract/test_contract.t")
    chosen = [m for m in MUTANTS if not words or any(w in m[0] for w in words)]
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(temporary, "copy")
        shutil.copytree(top, folder, ignore=shutil.ignore_patterns(
            "build*", ".git", "results", "docs"))
        os.makedirs(os.path.join(folder, "build"), exist_ok=True)
        shutil.copytree(os.path.join(os.environ["BUILD"], "tests/faults"),
                        os.path.join(folder, "build/tests/faults"))
        print(f"1..{len(chosen)}", flush=True)
        for number, mutant in enumerate(chosen, 1):
            said, found = look_at(folder, top, contract, mutant)
            missed += not found
            print(f"{'ok' if found else 'not ok'} {number} - {mutant[0]}\n#   {said}",
                  flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
