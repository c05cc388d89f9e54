#!/usr/bin/python3
"""Runs a command again and again, each time with another allocation refused.

    refuse.py --program muxbench-server --compare keys --stdin 'TEXT' -- COMMAND...

Without a refusal the command must succeed; then the 1st allocation of the program fails,
then the 2nd, until there is none left to refuse (tests/inject/memory.c). Each time it must
end in time, by itself and not by a signal, and either say why on stderr with a status that
is not 0, or have done the same as the undisturbed one:

    bytes   the same bytes on stdout
    keys    JSON lines on stdout with the same members
    FILE    a file of JSON with the same members; {dir} in the command and here is a
            fresh folder

--step K tries every Kth only, from --first on; --after refuses all that follow too.
Exit status 1, and a line for each failure that says how to see it again.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

TIMEOUT_S = 30
# Members that depend on the moment, or may be null while descriptors or memory are short.
OPAQUE = {"calls", "env", "usage"}


def members(value, path=""):
    """The paths of all members; of a list, those of its elements together."""
    if isinstance(value, dict):
        found = {path + "{}"}
        for key, member in value.items():
            found |= members(member, f"{path}.{key}") if key not in OPAQUE else {f"{path}.{key}"}
        return found
    if isinstance(value, list):
        return {path + "[]"}.union(*(members(v, path + "[]") for v in value)) if value else set()
    return {path}


def outcome(how, stdout, folder):
    if how == "bytes":
        return stdout
    if how == "keys":
        return [members(json.loads(line)) for line in stdout.splitlines()]
    with open(how.replace("{dir}", folder), encoding="utf-8") as file:
        result = json.load(file)
    return members(result), {t["status"] for t in result.get("trials", [])}


class Refuser:
    def __init__(self, options):
        self.options = options
        self.library = os.path.join(os.environ["BUILD"], "tests/inject/memory.so")
        self.root = tempfile.mkdtemp(prefix="refuse-")

    def run(self, number):
        """(status, stdout, stderr, whether one was refused, outcome or None)"""
        o = self.options
        folder = os.path.join(self.root, "dir")
        log = os.path.join(self.root, "log")
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.exists(log):
            os.unlink(log)
        words = [w.replace("{dir}", folder) for w in o.command]
        which = f"{number}{'+' if o.after and number else ''}"
        environment = dict(os.environ, LD_PRELOAD=self.library, MUXBENCH_MEMORY=which,
                           MUXBENCH_MEMORY_OF=o.program, MUXBENCH_MEMORY_LOG=log)
        ended = subprocess.run(words, input=o.stdin.encode().decode("unicode_escape"), text=True,
                               capture_output=True, timeout=TIMEOUT_S, env=environment,
                               check=False)
        refused = os.path.exists(log) and "refused" in open(log, encoding="utf-8").read()
        did = None
        if ended.returncode == 0:
            try:
                did = outcome(o.compare, ended.stdout, folder)
            except (OSError, ValueError) as error:
                did = f"not to be read: {error}"
        return ended.returncode, ended.stdout, ended.stderr, refused, did

    def judge(self, number, wanted):
        """None if all is well, "end" if nothing is left to refuse, else what is wrong."""
        try:
            status, _, stderr, refused, did = self.run(number)
        except subprocess.TimeoutExpired:
            return f"hangs: not over after {TIMEOUT_S} s"
        if not refused:
            return "end"
        if status < 0 or status >= 124:
            return f"ended by signal or crash: status {status}: {stderr[-300:]}"
        if status != 0:
            return None if stderr.strip() else f"status {status} and not a word on stderr"
        if did == wanted:
            return None
        if isinstance(did, type(wanted)) and isinstance(did, tuple):
            return f"status 0 and another result: {wanted[0] ^ did[0]} {did[1]}"
        return f"status 0 and something else done: {str(did)[-300:]}"

    def all(self):
        o = self.options
        status, _, stderr, _, wanted = self.run(0)
        if status != 0 or wanted is None or isinstance(wanted, str) and o.compare != "bytes":
            print(f"refuse: undisturbed: status {status}: {stderr} {wanted}")
            return 1
        failures = tried = 0
        number = o.first
        while o.last == 0 or number <= o.last:
            wrong = self.judge(number, wanted)
            if wrong == "end":
                break
            tried += 1
            if wrong:
                failures += 1
                again = " ".join(o.command)
                print(f"refuse: allocation {number} of {o.program}: {wrong}\n"
                      f"    again: refuse.py --first {number} --last {number} "
                      f"{'--after ' if o.after else ''}... -- {again}")
            number += o.step
        print(f"refuse: {o.program}: {tried} allocations refused up to {number}, {failures} failures")
        return 1 if failures or tried == 0 else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--compare", default="bytes")
    parser.add_argument("--stdin", default="")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--after", action="store_true")
    parser.add_argument("command", nargs="+")
    refuser = Refuser(parser.parse_args())
    try:
        return refuser.all()
    finally:
        shutil.rmtree(refuser.root)


sys.exit(main())
