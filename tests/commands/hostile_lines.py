#!/usr/bin/env python3
"""hostile_lines.py BUILD [NAME] - command lines that somebody got wrong, or made so.

Every option of every program that takes a number gets every value below that it must not
take: exit status 2, one line on stderr that names the option and has no control
character, nothing on stdout, within a second and 64 MiB. That no option is forgotten is
checked against --help. NAME is one of the table below; without one it is what stands
before any option that is tried.
"""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
from hostile import Limits, printable, run  # noqa: E402

# What an option takes: 0 and "twice" are only for some a mistake.
NUMBER, SIZE, TIME, LIST, SIZES = "number", "size", "time", "list", "sizes"

# program: (the line it stands in, {option: (type, whether 0 is a mistake)}, those that take
# a text). The line would do without the option that is tried.
LINES = {
    "run": (
        ["muxbench", "run", "--backends", "poll"],
        {
            "--idle": (LIST, False),
            "--active": (LIST, True),
            "--message-bytes": (SIZES, True),
            "--pipeline": (LIST, True),
            "--rate": (NUMBER, True),
            "--rate-sweep": (LIST, True),
            "--churn-requests": (NUMBER, True),
            "--blocks": (NUMBER, True),
            "--duration": (TIME, True),
            "--counted": (TIME, True),
            "--warmup": (TIME, False),
            "--seed": (NUMBER, False),
        },
        "--profile --plan --resume --backends --require --exec --target --arrival --active-set"
        " --workload --engine --placement --sched --out",
    ),
    "counts": (
        ["muxbench", "counts", "--backends", "poll"],
        {
            "--idle": (NUMBER, False),
            "--message-bytes": (SIZE, True),
            "--requests": (NUMBER, True),
            "--batch": (NUMBER, True),
        },
        "--backends --exec --method --format --out",
    ),
    "waitcost": (
        ["muxbench", "waitcost", "--backends", "poll"],
        {
            "--descriptors": (LIST, True),
            "--ready": (LIST, True),
            "--blocks": (NUMBER, True),
            "--seed": (NUMBER, False),
        },
        "--backends --placement --format --out",
    ),
    "limit": (
        ["muxbench", "limit", "--backends", "poll"],
        {
            "--active": (LIST, True),
            "--idle": (NUMBER, False),
            "--message-bytes": (SIZE, True),
            "--blocks": (NUMBER, True),
            "--runs": (NUMBER, True),
            "--duration": (TIME, True),
            "--seed": (NUMBER, False),
            "--rounds": (NUMBER, True),
            "--cpu": (NUMBER, False),
        },
        "--backends --engine --format --out --point",
    ),
    "export": (
        ["muxbench", "export", "nowhere", "--format", "csv"],
        {"--idle": (LIST, None), "--active": (LIST, None)},
        "--format --out --metric --backends",
    ),
    "report": (["muxbench", "report", "nowhere"], {}, "--format --out"),
    "muxbench-server": (
        ["muxbench-server", "--backend", "poll"],
        {
            "--port": (NUMBER, False),
            "--cpu": (NUMBER, False),
            "--descriptors": (NUMBER, True),
            "--ready": (NUMBER, True),
            "--batches": (NUMBER, True),
            "--batch-time": (TIME, True),
        },
        "--backend --listen",
    ),
    "muxbench-load": (
        ["muxbench-load", "--port", "1"],
        {
            "--port": (NUMBER, True),
            "--idle": (NUMBER, False),
            "--active": (NUMBER, True),
            "--message-bytes": (SIZE, True),
            "--duration": (TIME, True),
            "--requests": (NUMBER, True),
            "--warmup": (TIME, False),
            "--rate": (NUMBER, True),
            "--pipeline": (NUMBER, True),
            "--churn-requests": (NUMBER, True),
            "--seed": (NUMBER, False),
            "--cpu": (NUMBER, False),
            "--connect-timeout": (TIME, True),
        },
        "--host --arrival --active-set --workload --engine",
    ),
}

# Wrong wherever a number is due.
ALWAYS = [
    "", "-1", "-0", "+5", "  5", "5 ", "5\n", "\t5", "10x", "x10", "0x10", "1e3", "1e18",
    "1e999", "nan", "inf", "-inf", "--5", "5-", "5 5", "5;5", "5'", "٣", "\xa05", "½",
    "99999999999999999999999999", "18446744073709551616", "\x1b[2J5", "5\x1b[31m", "5\x07",
    "\x9b31m", "%n", "%s%s%s%s", "$(id)", "`id`", "5\\", "null", "9" * 100000,
]  # fmt: skip
# Beyond every bound, but for a seed.
HUGE = ["1000000000000000000", "18446744073709551615", "9223372036854775808"]
# With a unit too many, or of another kind.
UNITS = ["5KB", "5kib", "5MiBs", "5 MiB", "5S", "5ms ", "5min", "5e", "KiB", "ms"]
WRONG = {
    NUMBER: ["1.5", "1,2", ".5", "5.", *UNITS],
    SIZE: ["1.5KiB", "1,2", "999999999999MiB", "18014398509481984KiB", *UNITS],
    TIME: ["1.", ".5", "1.1234567891", "1,5", "99999999999999s", "1.5.5", *UNITS],
}
LISTS = [
    ",", "1,", ",1", "1,,2", "1,1", "2,1,2", "1;2", "1, 2", "1,x", "1,-1", "1,+2",
    ",".join(str(n) for n in range(1, 100)), "1," * 60000 + "1",
]  # fmt: skip


def values_of(option, kind, zero_is_wrong):
    values = list(ALWAYS)
    if option != "--seed" and zero_is_wrong is not None:
        values += HUGE
    if kind in (LIST, SIZES):
        values += WRONG[NUMBER if kind == LIST else SIZE]
        values = [value for value in values if value != "1,2"]
        # the numbers of an export are names: twice does no harm
        values += [v for v in LISTS if zero_is_wrong is not None or v not in ("1,1", "2,1,2")]
    else:
        values += WRONG[kind]
    if zero_is_wrong:
        values += ["0", "00", "0,1"]
    if kind in (SIZE, SIZES):
        values = [value for value in values if value not in ("5KiB", "5MiB")]
    return [value for value in values if "\0" not in value]


class Lines:
    def __init__(self, build):
        self.build = build
        self.limits = Limits(os.path.join(build, "muxbench"))
        self.tried, self.wrong = 0, []

    def refused(self, line, *names):
        """That the line is refused, with a word on each of these."""
        program = line[0]
        outcome = run([os.path.join(self.build, program), *line[1:]], cwd=self.folder)
        self.tried += 1
        shown = outcome.err.decode(errors="replace")
        found = self.limits.check(outcome)
        if not found and outcome.status != 2:
            found = f"exit status {outcome.status}"
        if not found and (shown.count("\n") != 1 or not shown.endswith("\n") or "\t" in shown):
            found = "not one line"
        if not found and (outcome.out or not shown.startswith(program + ": ")):
            found = "something on stdout, or a line that does not say whose it is"
        if not found and len(shown) > 600:
            found = "a line of more than 600 letters"
        found = found or printable(outcome.err)
        for name in names:
            if not found and name not in shown:
                found = f"no word of {name}"
        if found:
            tried = " ".join(line)
            self.wrong.append(f"{tried[:120]!r}: {found}: {shown[:160]!r}")

    def values(self, name):
        line, options, _ = LINES[name]
        for option, (kind, zero_is_wrong) in options.items():
            for value in values_of(option, kind, zero_is_wrong):
                # as two words, and as one
                self.refused([*line, option, value], option)
                if len(value) < 100000 and self.limits.checked:
                    self.refused([*line, f"{option}={value}"], option)

    def oddities(self, name):
        line, options, texts = LINES[name]
        for option in [*options, *texts.split()]:
            self.refused([*line, option], option)  # its value is missing
        for unknown in ("--nope", "--nope=1", "-Z", "-\x1b[2J", "--\x1b[2J", "--\nnope", "--é",
                        "--" + "x" * 100000, "--idle-\r", "-%n"):  # fmt: skip
            self.refused([*line, unknown])
        for more in ("more", "", "a\nb", "\x1b[2J", "x" * 100000):
            self.refused([*line, "--", more, more])
        for option in texts.split():
            if option in ("--out", "--listen", "--host", "--backend", "--plan", "--resume"):
                continue
            for value in ("", "nonsense", "a\nb", "\x1b[2J", ",", "a,,b", "x" * 100000, "%n%n"):
                if (name, option) == ("export", "--backends") and value and "," not in value:
                    continue  # the name of a backend of another run: there is none such
                self.refused([*line, option, value])

    def complete(self, name):
        """Every option of --help that takes something is in the table."""
        line, options, texts = LINES[name]
        helped = run([os.path.join(self.build, line[0]), *(line[1:2] if name == line[1] else []), "--help"])
        shown = helped.out.decode()
        known = set(options) | set(texts.split())
        for option in set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+) [A-Z]", shown, re.M)) - known:
            self.wrong.append(f"{name}: {option} of --help is not in the table")
        for option in known:
            if not re.search(rf"{option}\b", shown):
                self.wrong.append(f"{name}: {option} of the table is not in --help")

    def check(self, name):
        with tempfile.TemporaryDirectory(prefix="hostile-") as self.folder:
            self.complete(name)
            self.values(name)
            self.oddities(name)
            if os.listdir(self.folder):
                self.wrong.append(f"{name}: left {os.listdir(self.folder)}")


def main():
    lines = Lines(os.path.abspath(sys.argv[1]))
    for name in sys.argv[2:]:
        lines.check(name)
    if not sys.argv[2:]:
        with tempfile.TemporaryDirectory(prefix="hostile-") as lines.folder:
            for word in ("", "nope", "\x1b[2J", "a\nb", "--nope", "-", "run\n", "x" * 100000):
                lines.refused(["muxbench", word])
            lines.refused(["muxbench"])
            lines.refused(["muxbench-server"])
            lines.refused(["muxbench-load"])
    for wrong in lines.wrong:
        print(wrong)
    print(f"{lines.tried} lines, {len(lines.wrong)} wrong")
    return 1 if lines.wrong or lines.tried < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
