#!/usr/bin/env python3
"""hostile.py - files that a stranger wrote, and what muxbench makes of them.

    hostile.py list                     the names of all cases
    hostile.py check MUXBENCH KIND      makes each case of that kind and runs it
    hostile.py resume MUXBENCH RUN      spoils copies of an unfinished run, resumes each

A case is a file (or whatever else has a name in a file system) that `report` and `export`
get in every form. Most must be refused: exit status 2, one line on stderr without a
control character, nothing on stdout. Some are odd and valid: what comes out must be in
order. All of them within a second and 64 MiB. What is random comes from a fixed seed.
"""
import copy
import csv
import html.parser
import io
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SECONDS_MAX = 1.0
MEMORY_MAX = 64 << 20
SEED = 20240229
REPORTS = [["report", "--format", form, "--out", "-"] for form in ("html", "markdown", "text")]
EXPORTS = [
    ["export", "--format", form]
    for form in (
        "csv json gobench gbench-json gab-json bmf-json hyperfine-json hgrm markdown".split()
    )
]
COMMANDS = {"report": REPORTS, "export": EXPORTS}

MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
SHELL = "'; system(\"touch pwned\"); `touch pwned` $(touch pwned) #"
ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m\r\n\t\x00\x7f".replace("\x00", "")
TRAVERSAL = "../../../../tmp/pwned"
BIDI = "\u202egnp.exe\u2066\u200f"
FORMULA = '=HYPERLINK("http://example.invalid"),"a\nb"'

# ---- a result that is in order ---------------------------------------------------------


def bucket(value, count):
    shift = max(value.bit_length() - 11, 0)
    low = (value >> shift) << shift
    return [low, low + (1 << shift) - 1, count]


def histogram():
    buckets = [bucket(value, 30) for value in (9000, 11000, 15000, 40000)]
    return {
        "count": 120,
        "min_ns": 9000,
        "max_ns": 40000,
        "sum_ns": 2250000,
        "saturated": 0,
        "buckets": buckets,
    }


def usage():
    return {
        "cpu_ns": 700000,
        "cpu_user_ns": 300000,
        "cpu_sys_ns": 400000,
        "ctx_switches_voluntary": 120,
        "ctx_switches_involuntary": 1,
        "rss_max_bytes": 3000000,
        "run_delay_ns": 5000,
    }


def record(backend, idle, place, role):
    timed = role == "timed"
    return {
        "trial_id": f"1.{place:02}",
        "block": 1,
        "order_in_block": place,
        "backend": backend,
        "role": role,
        "connections_idle": idle,
        "connections_active": 1,
        "message_bytes": 64,
        "pipeline": 1,
        "workload": "echo",
        "churn_requests": None,
        "active_set": "fixed",
        "rate": None,
        "arrival": None,
        "status": "ok",
        "status_reasons": [],
        "flags": [],
        "notes": [],
        "placement": {
            "kind": "same-core",
            "server_cpu": 0,
            "client_cpu": 0,
            "pinned": True,
            "sched": "other",
        },
        "setup": {"connect_ns": 1000, "held_ns": 1000},
        "measured_ns": 2000000,
        "counters": {
            "requests_completed": 120,
            "errors": 0,
            "bytes_wrong": 0,
            "connections_lost": 0,
            "bytes_rx": 7680,
            "bytes_tx": 7680,
            "wakeups": 120,
            "events": 120,
            "eagain_accept": 0,
            "eagain_recv": 0,
            "eagain_send": 0,
            "wait_bytes": 960,
            "connection_errors": 0,
            "accept_pauses": 0,
        },
        "calls": {"poll": 120, "recvfrom": 120, "sendto": 120},
        "syscalls_total": None if timed else 360,
        "syscall_method": "none: timed" if timed else "perf",
        "server": usage()
        | {"modes": [], "connections_held_before": idle + 1, "connections_held_after": idle + 1},
        "client": usage(),
        "steal_ns": 0,
        "latency": {"response": None, "service": histogram(), "send_lag": None}
        if timed
        else None,
    }


def good():
    backends, idles = ["poll", "epoll-lt"], [0, 10]
    cells = [(backend, idle) for backend in backends for idle in idles]
    return {
        "schema": "muxbench.result",
        "schema_version": {"major": 1, "minor": 1},
        "run": {
            "id": "20260101T000000Z-1",
            "started": "2026-01-01T00:00:00Z",
            "finished": "2026-01-01T00:01:00Z",
            "command": ["muxbench", "run"],
            "seed": 1,
            "sessions": [],
            "interrupted": False,
            "version": "0.1",
        },
        "environment": {"kernel": "6.1", "cpu": {"model": "x"}, "warnings": []},
        "config": {
            "profile": "quick",
            "backends": backends,
            "required": [],
            "blocks": 1,
            "placement": "same-core",
            "sched": "other",
            "warmup_ns": 0,
            "timed_ns": 2000000,
            "counted_ns": 2000000,
            "connections_idle": idles,
            "connections_active": [1],
            "message_bytes": [64],
            "pipeline": [1],
            "rate": None,
            "workload": "echo",
            "churn_requests": None,
            "active_set": "fixed",
            "arrival": None,
        },
        "trials": [
            record(backend, idle, place + 1, role)
            for place, (backend, idle) in enumerate(cells)
            for role in ("timed", "counted")
        ],
        "summary": [],
        "complexity": [],
    }


def text(result):
    return json.dumps(result, separators=(",", ":"), ensure_ascii=False)


def changed(*changes):
    """The good result with members changed: (path, value); value ... takes it away."""
    result = copy.deepcopy(good())
    for path, value in changes:
        place = result
        *way, last = path
        for step in way:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return text(result)


def renamed(name):
    """The good result with that name wherever a name can stand."""
    result = good()
    result["config"]["backends"][0] = name
    result["config"]["profile"] = name
    result["run"]["id"] = result["run"]["version"] = name
    result["run"]["command"].append(name)
    result["environment"] = {
        "kernel": name,
        "machine": name,
        "cpu": {"model": name, "governor": name},
        "mitigations": {name[:40]: name},
        "software": {"compiler": name},
        "warnings": [name],
    }
    for trial in result["trials"]:
        if trial["backend"] == "poll":
            trial["backend"] = name
        trial["server"]["modes"] = [name]
        trial["calls"][name[:7]] = 1
        trial[name[:20]] = name  # a member that nobody knows
    result["trials"][1]["flags"] = ["halves_differ"]
    result["trials"][1]["notes"] = [name]
    result["trials"][6] |= {"status": "invalid", "status_reasons": [name]}
    return text(result)


# ---- the cases -------------------------------------------------------------------------
# name: (kind, who refuses it, how to make it). A maker gets a path and a source of chance;
# text and bytes are written as they are.

CASES = {}
REASONS = {}  # what the refusal of a special one must say


def case(name, content, refused="report export"):
    CASES[name] = ("odd" if not refused else "refused", refused.split(), content)


def special(name, make, reason):
    CASES[name] = ("special", ["report", "export"], make)
    REASONS[name] = reason


T, L = ("trials", 0), ("trials", 0, "latency", "service")

# cut short, torn, of another kind
for n in range(8):
    case(f"truncated-{n}", lambda path, chance: text(good())[: chance.randrange(1, 9000)])
for n in range(4):
    case(f"random-{n}", lambda path, chance: chance.randbytes(4096))
for n in range(4):

    def flip(path, chance):
        """A byte of the structure is another one: no JSON any more."""
        data = bytearray(text(good()), "ascii")
        places = [i for i, byte in enumerate(data) if byte in b'{}[]:,"']
        data[chance.choice(places)] = 0x01
        return bytes(data)

    case(f"flipped-{n}", flip)
case("empty", "")
case("blanks", " \n\t " * 1000)
case("brace", "{")
case("nul", b"\0" * 4096)
case("behind-it", text(good()) + "x")
case("two-of-them", text(good()) * 2)
case("elf", b"\x7fELF" + b"\2\1\1" + bytes(64))
case("utf-16", text(good()).encode("utf-16"))
case("gzip", b"\x1f\x8b\x08" + bytes(100))
case("html", "<!DOCTYPE html><script>alert(1)</script>")

# not JSON, though some readers take it
SEED_TEXT = '"seed":1'
for name, value in {
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "1e999": "1e999",
    "20-digits": "99999999999999999999",
    "minus-20-digits": "-99999999999999999999",
    "hexadecimal": "0x10",
    "leading-zero": "01",
    "plus": "+1",
    "word": "one",
    "single-quotes": "'1'",
    "comment": "1/*one*/",
}.items():
    case(name, text(good()).replace(SEED_TEXT, '"seed":' + value, 1))
case("comma-at-the-end", text(good())[:-1] + ",}")
case("key-twice", text(good())[:-1] + ',"schema":"muxbench.result"}')
case("key-twice-in-a-trial", text(good()).replace('"block":1', '"block":1,"block":1', 1))
case("invalid-utf-8", text(good()).encode().replace(b"quick", b"\xff\xfe"))
case("overlong-utf-8", text(good()).encode().replace(b"quick", b"\xc0\xae"))
case("lone-surrogate", text(good()).replace("quick", "\\ud800"))
case("nul-in-a-string", text(good()).replace('"poll"', '"po\\u0000ll"'))
case("control-in-a-string", text(good()).replace("quick", "\x1b[2J"))

# JSON, and no result
for name, value in {"list": "[]", "null": "null", "number": "1", "string": '"x"', "{}": "{}"}.items():
    case(f"only-{name}", value)
case("schema-of-another", changed((("schema",), "muxbench.counts")))
case("schema-missing", changed((("schema",), ...)))
case("schema-escapes", changed((("schema",), ESCAPES)))
for name, value in {"unknown": 2, "zero": 0, "minus": -1, "string": "1", "null": None}.items():
    case(f"major-{name}", changed((("schema_version", "major"), value)))
case("version-is-a-list", changed((("schema_version",), [1, 1])))
for name, value in {"missing": ..., "null": None, "object": {}, "of-null": [None], "of-lists": [[]]}.items():
    case(f"trials-{name}", changed((("trials",), value)))

# wrong types and what is not there
for key in ("run", "config"):
    for name, value in {"missing": ..., "null": None, "list": [], "string": "x"}.items():
        case(f"{key}-{name}", changed(((key,), value)), "report")
case("seed-is-text", changed((("run", "seed"), "1")), "report")
for name, value in {"0": 0, "minus": -1, "huge": 10**18, "float": 1.5, "text": "1"}.items():
    case(f"blocks-{name}", changed((("config", "blocks"), value)), "report")
for name, value in {"empty": [], "65": ["x"] * 65, "of-numbers": [1, 2], "text": "poll"}.items():
    case(f"backends-{name}", changed((("config", "backends"), value)), "report")
for name, value in {"falling": [10, 0], "twice": [0, 0], "65": list(range(65)), "minus": [-1, 10]}.items():
    case(f"idle-{name}", changed((("config", "connections_idle"), value)), "report")
case(
    "plan-of-a-billion-cells",
    changed(
        *(
            (("config", axis), list(range(1, 65)))
            for axis in ("connections_idle", "connections_active", "message_bytes", "pipeline", "rate")
        )
    ),
    "report",
)
case(
    "plan-of-100000-cells",
    changed(
        (("config", "backends"), ["poll", "epoll-lt"] + [f"b{i}" for i in range(48)]),
        (("config", "connections_idle"), [0, 10] + list(range(11, 61))),
        (("config", "connections_active"), list(range(1, 39))),
        (("trials", 7, "block"), 2),
    ),
    "report",
)
for key in ("role", "status", "backend", "block", "connections_idle", "message_bytes"):
    case(f"trial-without-{key}", changed(((*T, key), ...)))
for key in ("status", "block", "order_in_block", "connections_active"):
    case(f"trial-{key}-null", changed(((*T, key), None)))
    case(f"trial-{key}-wrong", changed(((*T, key), {"a": []})))
case("status-unknown", changed(((*T, "status"), "splendid")))
case("counters-missing", changed(((*T, "counters"), ...)))
case("counters-a-list", changed(((*T, "counters"), [])))
case("requests-0", changed(((*T, "counters", "requests_completed"), 0)))
case("requests-minus", changed(((*T, "counters", "requests_completed"), -1)))
case("requests-a-float", changed(((*T, "counters", "requests_completed"), 120.0)))
case("time-0", changed(((*T, "measured_ns"), 0)))
case("server-missing", changed(((*T, "server"), ...)))
case("cpu-is-text", changed(((*T, "server", "cpu_ns"), "700000")))
case("calls-minus", changed((("trials", 1, "calls", "poll"), -1)))
case("calls-null", changed((("trials", 1, "calls"), None)))
case("everything-null", text({key: None for key in good()}))
case("trial-of-nulls", changed((("trials", 0), {key: None for key in record("a", 0, 1, "timed")})))

# a trial that has no place, or has it twice
case("block-0", changed(((*T, "block"), 0)), "report")
case("block-beyond", changed(((*T, "block"), 2)), "report")
case("place-beyond", changed(((*T, "order_in_block"), 99)), "report")
case("cell-of-no-plan", changed(((*T, "connections_idle"), 7)), "report")
case("trial-twice", text(good() | {"trials": good()["trials"][:2] * 2}))
case("counted-first", text(good() | {"trials": good()["trials"][1:]}), "report")

# histograms that lie
case("bucket-low-above-high", changed(((*L, "buckets", 0), [9003, 9000, 30])))
case("bucket-of-another-rule", changed(((*L, "buckets", 0), [9001, 9010, 30])))
case("buckets-overlap", changed(((*L, "buckets", 1), [8996, 9007, 30])))
case("bucket-twice", changed(((*L, "buckets", 1), bucket(9000, 30))))
case("buckets-fall", changed(((*L, "buckets", 0), bucket(11000, 30)), ((*L, "buckets", 1), bucket(9000, 30))))
case("bucket-minus", changed(((*L, "buckets", 0, 2), -30)))
case("bucket-of-two", changed(((*L, "buckets", 0), [9000, 30])))
case("bucket-of-text", changed(((*L, "buckets", 0, 2), "30")))
case("bucket-above-60-s", changed(((*L, "buckets", 3), bucket(1 << 40, 30))))
case("total-mismatch", changed(((*L, "count"), 121)))
case(
    "total-past-64-bits",
    changed(
        ((*L, "count"), 1),
        ((*L, "buckets"), [bucket(9000, 2**63 - 1), bucket(11000, 2**63 - 1), bucket(15000, 3)]),
    ),
)
case("min-above-max", changed(((*L, "min_ns"), 50000)))
case("min-null", changed(((*L, "min_ns"), None)))
case("saturated-more-than-all", changed(((*L, "saturated"), 121)))
case("buckets-an-object", changed(((*L, "buckets"), {})))

# large, deep, endless
MIB = 1 << 20


def flood(piece, mib=16, before='{"trials":[', after="0]}"):
    return lambda path, chance: (before + piece * (mib * MIB // len(piece)) + after).encode()


case("10-mib-string", lambda path, chance: changed((("run", "id"), "x" * (10 * MIB))))
case("10-mib-name", lambda path, chance: changed(((*T, "backend"), "x" * (10 * MIB))))
case("10-mib-key", lambda path, chance: changed((("x" * (10 * MIB),), 1)))
case("deep-lists", "[" * 100000)
case("deep-lists-closed", "[" * 100000 + "]" * 100000)
case("deep-objects", '{"a":' * 100000 + "1" + "}" * 100000)
case("deep-in-a-trial", text(good()).replace('"setup":{', '"deep":' + "[" * 2000 + "]" * 2000 + ',"setup":{', 1))
case("flood-of-lists", flood("[],"))
case("flood-of-objects", flood("{},"))
case("flood-of-numbers", flood("0,"))
case("flood-of-large-numbers", flood("1234567890123,"))
case("flood-of-texts", flood('"",'))
case("flood-of-nulls", flood("null,"))
case("flood-of-triples", flood("[1,2,3],"))
case("flood-of-pairs-of-lists", flood("[[],[]],"))
case("flood-of-small-objects", flood('{"a":[' + "{}," * 4000 + "0]},"))
case("flood-at-the-top", flood("[],", before="[", after="0]"))
case(
    "flood-of-members",
    lambda path, chance: "{" + ",".join(f'"{n}":0' for n in range(1500000)) + "}",
)
case("flood-of-blanks", flood(" ", mib=63, before="", after="x"))
case("larger-than-64-mib", flood(" ", mib=65, before="{", after="}"))


def sparse(path, chance):
    with open(path, "wb") as file:
        file.truncate(1 << 40)


def unreadable(path, chance):
    with open(path, "w") as file:
        file.write(text(good()))
    os.chmod(path, 0)


def a_socket(path, chance):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.basename(path))
    os.chdir(here)


def folder_with(make):
    def folder(path, chance):
        os.mkdir(path)
        make(os.path.join(path, "result.json"), chance)

    return folder


special("sparse-1-tib", sparse, "larger than")
special("nothing-there", lambda path, chance: None, "No such file")
special("folder", lambda path, chance: os.mkdir(path), "no result.json in it")
special("folder-in-folder", folder_with(lambda path, chance: os.mkdir(path)), "not a regular file")
special("fifo", lambda path, chance: os.mkfifo(path), "not a regular file")
special("fifo-in-folder", folder_with(lambda path, chance: os.mkfifo(path)), "not a regular file")
special("socket", a_socket, "No such device")
special("dev-zero", lambda path, chance: os.symlink("/dev/zero", path), "not a regular file")
special("dev-full", lambda path, chance: os.symlink("/dev/full", path), "not a regular file")
special("dev-tty", lambda path, chance: os.symlink("/dev/ptmx", path), "not a regular file")
special("proc-mem", lambda path, chance: os.symlink("/proc/self/mem", path), "Input/output error")
special("loop", lambda path, chance: os.symlink(os.path.basename(path), path), "Too many levels")
special("loop-in-folder", folder_with(lambda path, chance: os.symlink("result.json", path)), "Too many levels")
special("dangling", lambda path, chance: os.symlink("nowhere", path), "No such file")
special("unreadable", unreadable, "Permission denied")

# odd, and valid: accepted by both, or refused by the one that cannot show it
for name, word in {
    "markup": MARKUP,
    "shell": SHELL,
    "escapes": ESCAPES,
    "traversal": TRAVERSAL,
    "bidi": BIDI,
    "formula": FORMULA,
    "long": "n" * 200,
    "format": "%s%n%d%1000000d",
    "json": '","x":["',
    "unicode": "наги́бень-ö-漢字",
    "pipes": "a|b\\|c`d`*e*_f_[g](javascript:alert(1))",
}.items():
    case(f"name-{name}", renamed(word), "")
case("members-unknown", changed((("new",), {"a": [1]}), ((*T, "new"), [{}])), "")
case("no-trials", changed((("trials",), [])), "export")
case("all-failed", text(good() | {"trials": [t | {"status": "failed"} for t in good()["trials"]]}), "")
case("numbers-huge", changed(((*T, "server", "cpu_ns"), 2**63 - 1), ((*T, "measured_ns"), 1)), "")


# ---- running them ----------------------------------------------------------------------


class Outcome:
    def __init__(self, status, out, err, seconds, memory):
        self.status, self.out, self.err = status, out, err
        self.seconds, self.memory = seconds, memory


def run(command, as_nobody=False, cwd=None):
    """Runs it, with its output into files: nothing is held up by a pipe."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()

        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(10)  # what hangs is ended, and told by its status
            if as_nobody:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)

        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=prepare, cwd=cwd
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        seconds = min(time.monotonic() - began, used.ru_utime + used.ru_stime + 0.5)
        out.seek(0), err.seek(0)
        return Outcome(
            os.waitstatus_to_exitcode(status), out.read(), err.read(), seconds, used.ru_maxrss * 1024
        )


class Limits:
    """A sanitizer takes memory and time of its own: then only the rest is checked."""

    def __init__(self, muxbench):
        with open(muxbench, "rb") as file:
            program = file.read()
        self.checked = not any(name in program for name in (b"__asan_init", b"__tsan_init"))

    def check(self, outcome):
        if not self.checked:
            return None
        if outcome.seconds > SECONDS_MAX:
            return f"took {outcome.seconds:.2f} s"
        if outcome.memory > MEMORY_MAX:
            return f"took {outcome.memory >> 20} MiB"
        return None


def printable(data):
    """Why it may not go to a terminal, or None."""
    try:
        letters = data.decode()
    except UnicodeDecodeError:
        return None  # raw bytes of a name: no control characters in any encoding but C1
    for letter in letters:
        if (ord(letter) < 0x20 and letter not in "\n\t") or 0x7F <= ord(letter) <= 0x9F:
            return f"has the control character {letter!r}"
    return None


def refusal(outcome):
    """What is wrong with a refusal, or None."""
    if outcome.status != 2:
        return f"exit status {outcome.status}, not 2"
    if outcome.out:
        return "something on stdout"
    if outcome.err.count(b"\n") != 1 or not outcome.err.endswith(b"\n"):
        return "not one line on stderr"
    if not outcome.err.startswith(b"muxbench: "):
        return "a line that does not say whose it is"
    if len(outcome.err) > 600:
        return "a line of more than 600 bytes"
    if b"\t" in outcome.err:
        return "a tab in the line"
    return printable(outcome.err)


class Page(html.parser.HTMLParser):
    """What a page must not hold."""

    ALLOWED_SCRIPTS = 1

    def __init__(self):
        super().__init__()
        self.scripts, self.wrong = 0, []

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        if tag in ("img", "iframe", "object", "embed", "base", "form", "input"):
            self.wrong.append(f"a <{tag}>")
        for name, value in attributes:
            if name.startswith("on"):
                self.wrong.append(f"an attribute {name}")
            if name in ("href", "src", "xlink:href") and not (value or "").startswith(("#", "data:,")):
                self.wrong.append(f"{name}={value!r}")


def check_page(out):
    page = Page()
    page.feed(out.decode())
    if page.scripts != Page.ALLOWED_SCRIPTS:
        return f"{page.scripts} scripts"
    return page.wrong[0] if page.wrong else None


def check_csv(out):
    rows = list(csv.reader(io.StringIO(out.decode(), newline=""), strict=True))
    if len({len(row) for row in rows}) != 1:
        return "rows of several lengths"
    return None if len(rows) > 1 else "no rows"


def check_json(out):
    json.loads(out)


def check_markdown(out):
    """Indented lines are code, and code is shown as it stands."""
    for line in out.splitlines():
        if not line.startswith(b"    ") and (b"<script" in line or b"<img" in line):
            return "markup of the file"


def check_text(out):
    """For a terminal, or lines for a program: what matters there is what is printable."""


CHECKS = {"html": check_page, "csv": check_csv, "json": check_json, "markdown": check_markdown}


def acceptance(outcome, form):
    """What is wrong with what came out, or None."""
    if outcome.status not in (0, 2, 3):
        return f"exit status {outcome.status}: {outcome.err[:200]}"
    if outcome.status != 0:
        # hgrm holds one cell on stdout, and some have nothing to show
        return None if outcome.err.count(b"\n") == 1 else "not one line on stderr"
    form = "json" if form.endswith("json") else form
    shown = outcome.out.replace(b"\x7f", b"") if form == "json" else outcome.out
    wrong = printable(shown) or printable(outcome.err)
    if wrong:
        return wrong
    try:
        return CHECKS.get(form, check_text)(outcome.out)
    except (ValueError, csv.Error) as error:
        return f"does not parse: {error}"


def make(name, path, chance):
    content = CASES[name][2]
    if callable(content):
        content = content(path, chance)
    if content is not None:
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))


def make_apart(name, path):
    """In a process of its own: what it took must not count as the other's memory."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            make(name, path, random.Random(f"{SEED} {name}"))
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0, f"{name}: cannot be made"


def check_case(muxbench, limits, folder, name):
    """What was wrong, as texts."""
    _, refusers, _ = CASES[name]
    path = os.path.join(folder, "file")
    make_apart(name, path)
    as_nobody = name == "unreadable" and os.getuid() == 0
    wrong = []
    for command, forms in COMMANDS.items():
        for form in forms if limits.checked else forms[:2]:  # a sanitizer is slow, too
            outcome = run([muxbench, *form[:1], path, *form[1:]], as_nobody, folder)
            found = limits.check(outcome) or (
                refusal(outcome) if command in refusers else acceptance(outcome, form[2])
            )
            if not found and REASONS.get(name, "").encode() not in outcome.err:
                found = f"no word of '{REASONS[name]}'"
            if found:
                wrong.append(f"{name}: {' '.join(form)}: {found}: {outcome.err[:160]!r}")
    if os.path.lexists(os.path.join(folder, "pwned")):
        wrong.append(f"{name}: a shell ran")
    return wrong


def check(muxbench, kind):
    limits = Limits(muxbench)
    names = [name for name in CASES if CASES[name][0] == kind]
    wrong = []
    for name in names:
        folder = tempfile.mkdtemp(prefix="hostile-")
        os.chmod(folder, 0o755)
        program = muxbench
        if name == "unreadable":  # who is not root may not get at the original
            program = shutil.copy(muxbench, folder)
        try:
            wrong += check_case(program, limits, folder, name)
        finally:
            shutil.rmtree(folder)
    for line in wrong:
        print(line)
    print(f"{len(names)} files, {len(wrong)} wrong" + ("" if limits.checked else " (no limits)"))
    return 1 if wrong or not names else 0


# ---- a folder to be resumed ------------------------------------------------------------
# Each takes the folder of a run that has trials left, and spoils one file of it.


def edited(name, change):
    """The text of that file, as change makes it."""

    def spoil(folder):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(change(data))

    return spoil


def replaced(name, make_it):
    def spoil(folder):
        path = os.path.join(folder, name)
        os.unlink(path)
        make_it(path, None)

    return spoil


def plan_with(**members):
    return edited("plan.json", lambda data: json.dumps(json.loads(data) | members).encode())


def trial_with(change):
    """The first line of trials.jsonl, changed by a function of the record."""

    def lines(data):
        first, rest = data.split(b"\n", 1)
        trial = json.loads(first)
        change(trial)
        return json.dumps(trial).encode() + b"\n" + rest

    return edited("trials.jsonl", lines)


def line_before(line):
    return edited("trials.jsonl", lambda data: line + b"\n" + data)


def leads_elsewhere(folder):
    """The plan names another folder, where a run lies that could be resumed."""
    other = os.path.join(folder, "other")
    shutil.copytree(folder, other)
    plan_with(out=other)(folder)


NO_FILES = {
    "fifo": lambda path, chance: os.mkfifo(path),
    "folder": lambda path, chance: os.mkdir(path),
    "dev-zero": lambda path, chance: os.symlink("/dev/zero", path),
    "loop": lambda path, chance: os.symlink(os.path.basename(path), path),
    "sparse-1-tib": sparse,
}
SPOILED = {
    f"{name}-{kind}": replaced(name, make_it)
    for name in ("plan.json", "trials.jsonl", "sessions.jsonl")
    for kind, make_it in NO_FILES.items()
} | {
    "plan-missing": lambda folder: os.unlink(os.path.join(folder, "plan.json")),
    "trials-missing": lambda folder: os.unlink(os.path.join(folder, "trials.jsonl")),
    "plan-empty": edited("plan.json", lambda data: b""),
    "plan-torn": edited("plan.json", lambda data: data[:-9]),
    "plan-a-list": edited("plan.json", lambda data: b"[" + data + b"]"),
    "plan-65-kib": edited("plan.json", lambda data: data + b" " * 65536),
    "plan-key-twice": edited("plan.json", lambda data: data.replace(b"{", b'{"seed":1,', 1)),
    "plan-unknown-key": plan_with(unknown=1),
    "plan-unknown-backend": plan_with(backends=["nonsense"]),
    "plan-backend-escapes": plan_with(backends=[ESCAPES]),
    "plan-backend-shell": plan_with(backends=[SHELL.replace(",", "")]),
    "plan-no-such-plugin": plan_with(backends=[TRAVERSAL + ".so"]),
    "plan-of-another-folder": leads_elsewhere,
    "plan-seed-minus": plan_with(seed=-1),
    "plan-blocks-huge": plan_with(blocks=10**18),
    "plan-idle-huge": plan_with(idle=[10**9]),
    "plan-idle-falls-twice": plan_with(idle=[5, 5]),
    "plan-33-numbers": plan_with(idle=list(range(33))),
    "plan-number-as-text": plan_with(blocks="3"),
    "plan-null": plan_with(idle=None),
    "plan-duration-1e300": plan_with(duration=1e300),
    "plan-of-a-billion-trials": plan_with(
        idle=list(range(32)), active=list(range(1, 33)), pipeline=list(range(1, 33)), blocks=1000
    ),
    "line-random": line_before(bytes(range(1, 10)) + b"\xff" * 100),
    "line-a-list": line_before(b"[]"),
    "line-nan": line_before(b'{"a":NaN}'),
    "line-key-twice": line_before(b'{"a":1,"a":1}'),
    "line-nul": line_before(b"\0" * 100),
    "line-escapes": line_before(b'{"role":"' + rb"\u001b[2J" + b'"}'),
    "line-deep": line_before(b"[" * 100000),
    "line-flood": line_before(b'{"a":[' + b"{}," * MIB + b"0]}"),
    "line-8-mib": line_before(b'{"a":"' + b"x" * (8 * MIB) + b'"}'),
    "line-without-end": edited("trials.jsonl", lambda data: b"x" * (8 * MIB)),
    "trial-twice": edited("trials.jsonl", lambda data: data + data),
    "trial-counted-first": edited("trials.jsonl", lambda data: data.split(b"\n", 1)[1]),
    "trial-block-0": trial_with(lambda trial: trial.update(block=0)),
    "trial-block-beyond": trial_with(lambda trial: trial.update(block=10**6)),
    "trial-place-beyond": trial_with(lambda trial: trial.update(order_in_block=10**18)),
    "trial-of-another-plan": trial_with(lambda trial: trial.update(message_bytes=65)),
    "trial-status": trial_with(lambda trial: trial.update(status=ESCAPES)),
    "trial-without-counters": trial_with(lambda trial: trial.update(counters=None)),
    "trial-histogram-lies": trial_with(
        lambda trial: trial["latency"]["service"].update(count=10**15)
    ),
    "trial-too-many-calls": trial_with(
        lambda trial: trial["calls"].update({f"call{n}": 1 for n in range(100)})
    ),
    "sessions-of-another-kernel": edited(
        "sessions.jsonl", lambda data: json.dumps(json.loads(data) | {"kernel": ESCAPES}).encode() + b"\n"
    ),
}


def resume(muxbench, original):
    limits, wrong = Limits(muxbench), []
    for name, spoil in SPOILED.items():
        folder = tempfile.mkdtemp(prefix="hostile-")
        try:
            for file in ("plan.json", "trials.jsonl", "sessions.jsonl"):
                shutil.copy(os.path.join(original, file), folder)
            child = os.fork()
            if child == 0:
                spoil(folder)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0, f"{name}: cannot be made"
            outcome = run([muxbench, "run", "--resume", folder, "--quiet", "--no-plots"])
            found = limits.check(outcome) or refusal(outcome)
            if found:
                wrong.append(f"{name}: {found}: {outcome.err[:200]!r}")
        finally:
            shutil.rmtree(folder)
    for line in wrong:
        print(line)
    print(f"{len(SPOILED)} folders, {len(wrong)} wrong" + ("" if limits.checked else " (no limits)"))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "resume":
        sys.exit(resume(os.path.abspath(sys.argv[2]), sys.argv[3]))
    if sys.argv[1:] == ["list"]:
        for name, (kind, refusers, _) in CASES.items():
            print(kind, name, *refusers)
    else:
        _, action, muxbench, kind = sys.argv
        assert action == "check"
        sys.exit(check(os.path.abspath(muxbench), kind))
