#!/usr/bin/python3
"""meddler.py - stands between muxbench and one of its programs, and spoils one thing.

It lies as muxbench-server or muxbench-load in a folder with a copy of muxbench. It becomes
the real program, whose process therefore is the one that muxbench has started; a child of
it passes the JSON lines on in both directions until its moment has come.

  MEDDLE="PROGRAM PHASE DEED"   e.g. "muxbench-server window segv"
  MEDDLE_REAL=FOLDER            where the real programs are
  MEDDLE_ONCE=FILE              only the first time: that file is made then; "": always

Phases: list and waitcost (the answer of such a server), start (before the first line),
ready (behind it), snapshot (the first that awaits rest), last (the one after that),
window (while requests run), done, stop.
Deeds: segv, exit1, exit0 (ends so), hang (SIGSTOP), mute (does as it was told, says no
more, and does not end), garbage, half (of the line), flood (a line without an end),
KEY=VALUE, KEY+N (a lie: KEY is a.path.of.members).
"""
import json
import os
import select
import signal
import sys
import time

PROGRAM = os.path.basename(sys.argv[0])
REAL = os.path.join(os.environ["MEDDLE_REAL"], PROGRAM)
WANTED, PHASE, DEED = os.environ["MEDDLE"].split()
ONCE = os.environ.get("MEDDLE_ONCE", "")
WINDOW_S = 0.03  # from its begin until the deed

ENDS = {"segv": signal.SIGSEGV, "exit1": signal.SIGUSR1, "exit0": signal.SIGUSR2,
        "hang": signal.SIGSTOP}


def is_first():
    if not ONCE:
        return True
    try:
        os.close(os.open(ONCE, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        return True
    except FileExistsError:
        return False


class Meddler:
    def __init__(self, pid, commands, answers):
        self.pid, self.commands, self.answers = pid, commands, answers
        self.rests = 0        # snapshots that awaited rest
        self.due = None       # when the deed of a window is
        self.quiet = False    # nothing passes any more

    def deed(self, line):
        """Does it, in place of passing line (of the program) on, if there is one."""
        if not is_first():
            return line
        if DEED in ENDS:
            os.kill(self.pid, ENDS[DEED])
            self.quiet = True
            return b""
        if DEED == "mute":
            self.quiet = True
            return b""
        if DEED == "garbage":
            return b"\x00\xff{]garbage\n"
        if DEED == "half":
            self.quiet = True
            return line[:len(line) // 2]
        if DEED == "flood":
            self.quiet = True
            return b"[" * (20 << 20)
        return self.lie(json.loads(line))

    def lie(self, answer):
        path, how, value = DEED.replace("+", " + ").replace("=", " = ").split()
        place, keys = answer, path.split(".")
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = place.get(keys[-1], 0) + int(value) if how == "+" else json.loads(value)
        return json.dumps(answer).encode() + b"\n"

    def take_command(self, line):
        command = json.loads(line)
        name = command["cmd"]
        rest = name == "snapshot" and "settle_ms" in command
        self.rests += rest
        now = (PHASE == "snapshot" and rest and self.rests == 1) or \
            (PHASE == "last" and rest and self.rests == 2) or (PHASE == "stop" and name == "stop")
        # An end comes before the program has seen the command.
        if now and DEED in ENDS:
            self.deed(b"")
        if name == "run" and PHASE == "window":
            self.due = time.monotonic() + WINDOW_S
        return line

    def take_answer(self, line):
        answer = json.loads(line)
        event = answer.get("event", "")
        first = event in ("ready", "connected")
        if PHASE == "start" and first:
            return self.deed(line)
        if PHASE == "ready" and first:
            os.write(1, line)
            return self.deed(b"")
        if event == "snapshot" and self.rests == {"snapshot": 1, "last": 2}.get(PHASE) or \
                (PHASE, event) in (("done", "done"), ("stop", "stopped"), ("waitcost", "waitcost")) or \
                (PHASE == "list" and "supported" in answer):
            return self.deed(line)
        if event == "snapshot" and PHASE == "window" and self.rests == 1 and not self.due:
            self.due = time.monotonic() + WINDOW_S
        return line

    def run(self):
        pending = {0: b"", self.answers: b""}
        open_ends = [0, self.answers]
        while self.answers in open_ends:
            timeout = None if self.due is None else max(0, self.due - time.monotonic())
            ready, _, _ = select.select(open_ends, [], [], timeout)
            if self.due is not None and time.monotonic() >= self.due:
                self.due = None
                self.deed(b"")
            for fd in ready:
                data = os.read(fd, 1 << 20)
                if not data:
                    open_ends.remove(fd)
                    # A mute program does not end either; one that hangs cannot.
                    if fd == 0 and not self.quiet:
                        os.close(self.commands)
                    continue
                *lines, pending[fd] = (pending[fd] + data).split(b"\n")
                for line in lines:
                    self.pass_on(fd, line + b"\n")
        if self.quiet:
            time.sleep(10)  # it does not end by itself, see preload_leave.c

    def pass_on(self, fd, line):
        if self.quiet:
            return
        line = self.take_command(line) if fd == 0 else self.take_answer(line)
        out = self.commands if fd == 0 else 1
        while line and not (fd == 0 and self.quiet):
            line = line[os.write(out, line):]


def main():
    kind = "list" if "--list" in sys.argv else "waitcost" if "--waitcost" in sys.argv else ""
    if PROGRAM != WANTED or (kind != PHASE and (kind or PHASE in ("list", "waitcost"))):
        os.execv(REAL, [REAL] + sys.argv[1:])
    if PHASE == "start" and DEED in ENDS and is_first():
        if DEED.startswith("exit"):
            os._exit(int(DEED[-1]))
        os.kill(os.getpid(), ENDS[DEED])
    pid = os.getpid()
    commands_out, commands = os.pipe()
    answers, answers_in = os.pipe()
    passed_on, _ = os.pipe()  # open until the child below ends
    if os.fork() == 0:
        os.close(commands_out)
        os.close(answers_in)
        try:
            Meddler(pid, commands, answers).run()
        except (BrokenPipeError, ProcessLookupError):
            pass
        os._exit(0)
    os.dup2(commands_out, 0)
    os.dup2(answers_in, 1)
    os.environ["LD_PRELOAD"] = os.environ["MEDDLE_LEAVE"]
    os.dup2(passed_on, 9)  # see preload_leave.c
    os.closerange(3, 9)
    os.closerange(10, 20)
    os.execv(REAL, [REAL] + sys.argv[1:])


main()
