#!/usr/bin/python3
"""meddle_check.py GROUP - what muxbench makes of servers and loads that break down.

Each case is a run of two trials with a program that meddler.py spoils, once. The run must
end by itself, in time, with the exit status of its help; exactly that trial must have
failed or be invalid, with the reason; result.json must be whole; nothing may be left.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
SERVER, LOAD = "muxbench-server", "muxbench-load"
ENDED = {"segv": "ended in the middle: killed by signal 11", "exit1": "ended in the middle: exit status 1",
         "exit0": "ended in the middle: exit status 0"}
AT_ONCE_S, SLOW_S = 20, 60  # bounds of a whole run; a hang alone takes up to 17


def ends(program, phases):
    """A program that ends too early is named with how it ended."""
    return [(program, phase, deed, f"{program} {ENDED[deed]}", "failed", 1, AT_ONCE_S)
            for phase in phases for deed in ENDED]


def broken_lines(program, phases):
    return [case for phase in phases for case in (
        (program, phase, "garbage", f"{program}: not a line with one JSON object", "failed", 1, AT_ONCE_S),
        (program, phase, "flood", f"{program}: a line without an end", "failed", 1, AT_ONCE_S))]


def silences(program, phases, deeds=("hang", "mute", "half")):
    """Nothing is heard any more: there is a limit on each wait."""
    return [(program, phase, deed, f"{program}: no |not answered|errors", "failed", 1, SLOW_S)
            for phase in phases for deed in deeds]


LIES = [
    (SERVER, "start", "protocol=2", "speaks protocol 2", "failed", 1, AT_ONCE_S),
    (SERVER, "start", 'backend="poll"', "runs backend 'poll' where 'epoll-lt'", "failed", 1, AT_ONCE_S),
    (SERVER, "start", "worker_tids=[]", "'worker_tids'", "failed", 1, AT_ONCE_S),
    (SERVER, "start", "port=-1", "'port'", "failed", 1, AT_ONCE_S),
    (SERVER, "snapshot", "connections.held+1", "idle set incomplete at the start: held 7 of 6", "invalid", 3, AT_ONCE_S),
    (SERVER, "snapshot", "settled=false", "not at rest at the start", "invalid", 3, AT_ONCE_S),
    (SERVER, "last", "connections.held+-1", "idle set incomplete at the end: held 5 of 6", "invalid", 3, AT_ONCE_S),
    (SERVER, "last", "counters.bytes_tx+64", "bytes sent, the client received", "invalid", 3, AT_ONCE_S),
    (SERVER, "last", "counters.bytes_rx+64", "bytes received, the client sent", "invalid", 3, AT_ONCE_S),
    (SERVER, "last", "usage.cpu_ns=0", "CPU time went backwards", "invalid", 3, AT_ONCE_S),
    (SERVER, "last", "usage=null", "'usage'", "failed", 1, AT_ONCE_S),
    (SERVER, "last", 'calls="none"', "'calls'", "failed", 1, AT_ONCE_S),
    (LOAD, "start", "protocol=9", "speaks protocol 9", "failed", 1, AT_ONCE_S),
    (LOAD, "done", "counters.requests_completed+1", "client's own account", "invalid", 3, AT_ONCE_S),
    (LOAD, "done", "counters.bytes_rx+-1", "bytes sent, the client received", "invalid", 3, AT_ONCE_S),
    (LOAD, "done", "counters.bytes_wrong+1", "1 wrong bytes", "invalid", 3, AT_ONCE_S),
    (LOAD, "done", "counters.connections_lost+1", "1 connections lost", "invalid", 3, AT_ONCE_S),
    (LOAD, "done", "measured_ns=-5", "'measured_ns'", "failed", 1, AT_ONCE_S),
]

GROUPS = {
    "server-ends": ends(SERVER, ("start", "ready", "snapshot", "window", "stop")),
    "load-ends": ends(LOAD, ("start", "ready", "window", "stop")),
    "broken-lines": broken_lines(SERVER, ("start", "snapshot", "stop")) +
    broken_lines(LOAD, ("start", "done", "stop")),
    "silences": silences(SERVER, ("start", "ready", "snapshot", "stop")) +
    silences(SERVER, ("window",), ("hang",)) +
    silences(LOAD, ("done", "stop")) + silences(LOAD, ("window",), ("hang", "mute")),
    "silences-long": [case[:6] + (150,) for case in silences(LOAD, ("start", "ready"))],
    "lies": LIES,
}


def processes_of(folder):
    """Those whose command line names the folder, or whose program lies in it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read().decode(errors="replace")
            if folder in words and int(pid) != os.getpid():
                found.append(pid + " " + words.replace("\0", " "))
        except OSError:
            pass
    return found


def check(case):
    """What is wrong with it, or None."""
    program, phase, deed, reason, trial_status, status, bound_s = case
    with tempfile.TemporaryDirectory() as folder:
        bin_folder, out = os.path.join(folder, "bin"), os.path.join(folder, "out")
        os.mkdir(bin_folder)
        shutil.copy(f"{BUILD}/muxbench", bin_folder)
        for name in (SERVER, LOAD):
            shutil.copy(f"{HERE}/meddler.py", f"{bin_folder}/{name}")
        environment = dict(
            os.environ, MEDDLE=f"{program} {phase} {deed}", MEDDLE_REAL=BUILD,
            MEDDLE_ONCE=f"{folder}/once", MEDDLE_LEAVE=f"{BUILD}/tests/fixtures/preload_leave.so",
            ASAN_OPTIONS="handle_segv=0:verify_asan_link_order=0:detect_leaks=0", TSAN_OPTIONS="handle_segv=0")
        began = time.monotonic()
        try:
            done = subprocess.run(
                [f"{bin_folder}/muxbench", "run", "--backends", "epoll-lt", "--idle", "5", "--blocks", "2",
                 "--duration", "0.15", "--counted", "0.05", "--warmup", "0", "--no-plots", "--quiet",
                 "--out", out], env=environment, capture_output=True, timeout=bound_s, text=True,
                errors="replace", start_new_session=True)
        except subprocess.TimeoutExpired:
            return f"not over in {bound_s} s"
        took_s = time.monotonic() - began
        left = processes_of(bin_folder) + processes_of(folder)
        if left:
            return f"left running: {left}"
        if not os.path.exists(f"{folder}/once"):
            return "the deed was never done"
        if done.returncode != status:
            return f"exit status {done.returncode}, not {status}: {done.stderr}"
        result = json.load(open(f"{out}/result.json"))
        bad = [t for t in result["trials"] if t["status"] != "ok"]
        if {t["trial_id"] for t in result["trials"]} != {t["trial_id"] for t in bad} | {
                t["trial_id"] for t in result["trials"] if t["status"] == "ok"} or \
                len({t["trial_id"] for t in bad}) != 1 or len(result["trials"]) != 4:
            return f"bad trials: {[(t['trial_id'], t['status'], t['status_reasons']) for t in bad]}"
        if {t["status"] for t in bad} != {trial_status}:
            return f"status {[t['status'] for t in bad]}: {bad[0]['status_reasons']}"
        if not any(re.search(reason, text) for t in bad for text in t["status_reasons"]):
            return f"reasons {[t['status_reasons'] for t in bad]}, none with {reason!r}"
        if status == 1 and not re.search(reason, done.stderr):
            return f"stderr does not name it: {done.stderr}"
        print(f"# {program} {phase} {deed}: {took_s:.1f} s", file=sys.stderr)
        return None


def main():
    cases = GROUPS[sys.argv[1]]
    if len(sys.argv) > 2:
        cases = [case for case in cases if sys.argv[2] in " ".join(case[:3])]
    # Those that wait cost nothing meanwhile; the others would disturb each other.
    at_once = len(cases) if sys.argv[1].startswith("silences") else 3
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        wrong = [(case, what) for case, what in zip(cases, pool.map(check, cases)) if what]
    for case, what in wrong:
        print(f"{' '.join(case[:3])}: {what}", file=sys.stderr)
    print(f"{len(cases) - len(wrong)} of {len(cases)} as expected")
    return bool(wrong)


sys.exit(main())
