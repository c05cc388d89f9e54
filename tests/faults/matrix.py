#!/usr/bin/python3
"""matrix.py - the table of faults: which tests stand for which fault, and how they went.

    matrix.py table LIST REPORT TAP            prints it; 1 if a cell is not as it should be
    matrix.py keep LIST REPORT TAP PAGE        the same, and puts it into PAGE
    matrix.py check LIST PAGE BATS...          1 if PAGE tells of other rows, tests or columns

LIST is what `test_contract.t --list` prints: rows, cases and subjects, a JSON line each.
REPORT is what it writes with --report. TAP is the output of bats. A bats test stands for a
row by a tag in its name: "[row 20] ...", of one backend or several "[row 2: poll epoll-*]",
of all that use no ring "[row 3: readiness]". In the table of one plug-in TAP is "-": the
rows of the harness, and what bats tests, are no matter of a plug-in.

A cell is what its tests were: FAILED before all else, or that none stands for it; skipped,
where one could not run on this machine; passed; n/a, where this fault cannot happen to this
backend, with the reason below.
"""
import fnmatch
import json
import re
import sys

BEGIN = "<!-- the table: made by `make faults-page`, not by hand -->"
END = "<!-- end of the table -->"
TAG = re.compile(r"\[row (\d+)(?:: ([^]]+))?\] ?")
ORDER = ["FAILED", "no test", "skipped", "passed", "n/a"]  # the first that applies
RING_ROW = 16  # absent of those subjects that make no ring


class Matrix:
    def __init__(self, list_file):
        self.titles = {}      # by row
        self.of_backend = []  # the rows that are tested on every subject
        self.cases = {}       # rows by the name of a case
        self.subjects = []
        self.cells = {}       # by row and subject (None: the harness): a list of outcomes
        self.notes = {}       # subjects and rows by what there is to say of them
        self.absent = {}      # by subject: reasons by row
        self.bats = {}        # names of bats tests by row, with what they are tagged for
        for line in open(list_file):
            entry = json.loads(line)
            if "row" in entry:
                self.titles[entry["row"]] = entry["title"]
                if entry["of_backend"]:
                    self.of_backend.append(entry["row"])
            elif "case" in entry:
                self.cases[entry["case"]] = entry["rows"]
            else:
                self.subjects.append(entry["subject"])

    # ---- results ----

    def add(self, row, subject, outcome, note=None):
        self.cells.setdefault((row, subject), []).append(outcome)
        if note:
            self.notes.setdefault((row, note), []).append(subject or "harness")

    def read_report(self, report_file):
        results = {}
        for line in open(report_file):
            entry = json.loads(line)
            if "case" in entry:
                results[entry["subject"], entry["case"]] = entry
            else:
                self.absent[entry["subject"]] = {
                    int(row): reason for row, reason in entry["absent"].items()}
        for subject in self.subjects:
            if subject not in self.absent:  # it did not even start
                self.absent[subject] = {}
            for case, rows in self.cases.items():
                entry = results.get((subject, case), {"result": "failed",
                                                      "reason": "no result of it"})
                for row in rows:
                    self.add_case(row, subject, case, entry)

    def add_case(self, row, subject, case, entry):
        result, reason = entry["result"], entry.get("reason")
        if row in self.absent[subject]:
            self.add(row, subject, "n/a", "n/a: " + self.absent[subject][row])
        elif result == "skipped":
            self.add(row, subject, "skipped", "skipped: " + reason)
        elif result == "passed":
            self.add(row, subject, "passed")
        else:
            self.add(row, subject, "FAILED",
                     f"FAILED: {case}" + (f": {reason}" if reason else ""))

    def read_tap(self, tap_file):
        plan, seen = None, 0
        for line in open(tap_file):
            if match := re.match(r"1\.\.(\d+)", line):
                plan = int(match[1])
            match = re.match(r"(ok|not ok) \d+ (.*)", line)
            if not match:
                continue
            seen += 1
            name, _, skip = match[2].partition(" # skip")
            result = "FAILED" if match[1] == "not ok" else "skipped" if skip else "passed"
            self.add_bats(name, result, skip.strip())
        if plan is None or seen != plan:
            raise SystemExit(f"{tap_file}: {seen} results of {plan} tests: bats was cut short")

    def subjects_of(self, row, words):
        if row not in self.of_backend:
            return [None]
        if not words:
            return self.subjects
        names = words.split()
        return [s for s in self.subjects
                if any(fnmatch.fnmatch(s, name) for name in names)
                or ("readiness" in names and RING_ROW in self.absent.get(s, {}))]

    def add_bats(self, name, result, reason=""):
        text = TAG.sub("", name)
        for row, words in TAG.findall(name):
            row = int(row)
            self.bats.setdefault(row, []).append((text, words))
            note = None if result == "passed" else f"{result}: {text}" + \
                (f": {reason}" if reason else "")
            for subject in self.subjects_of(row, words):
                if row in self.absent.get(subject, {}):
                    continue
                self.add(row, subject, result, note)

    def read_bats(self, files):
        """The tags as they stand in the files, without results."""
        for file in files:
            for name in re.findall(r'^@test "(.*)" \{', open(file).read(), re.M):
                for row, words in TAG.findall(name):
                    self.bats.setdefault(int(row), []).append((TAG.sub("", name), words))

    # ---- the table ----

    def cell(self, row, subject):
        if row in self.absent.get(subject, {}):
            reason = "n/a: " + self.absent[subject][row]
            if subject not in self.notes.setdefault((row, reason), []):
                self.notes[row, reason].append(subject)
            return "n/a"
        outcomes = self.cells.get((row, subject), ["no test"])
        return next(outcome for outcome in ORDER if outcome in outcomes)

    def rows(self, with_harness):
        return [row for row in self.titles if row in self.of_backend or with_harness]

    def lines(self, with_harness):
        rows = self.rows(with_harness)
        harness = ["harness"] if with_harness else []
        yield ["#", "fault", *self.subjects, *harness]
        for row in rows:
            backend = row in self.of_backend
            yield [str(row), self.titles[row],
                   *(self.cell(row, s) if backend else "" for s in self.subjects),
                   *(["" if backend else self.cell(row, None)] if with_harness else [])]

    def table(self, with_harness):
        lines = list(self.lines(with_harness))
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        lines.insert(1, ["-" * width for width in widths])
        return "".join("| " + " | ".join(t.ljust(w) for t, w in zip(line, widths)) + " |\n"
                       for line in lines)

    def tests(self, with_harness):
        """Which tests stand for which row."""
        text = ""
        for row in self.rows(with_harness):
            text += f"\n{row}. {self.titles[row]}\n"
            for case, rows in self.cases.items():
                if row in rows:
                    text += f"   * {case}\n"
            for name, words in self.bats.get(row, []):
                text += f"   * {name}" + (f" ({words})" if words else "") + " [bats]\n"
        outside = [case for case, rows in self.cases.items() if not rows]
        return text + "\nOf no row, and asked of every backend as well:\n\n" + \
            "".join(f"* {case}\n" for case in outside)

    def remarks(self):
        text = ""
        for (row, note), subjects in sorted(self.notes.items()):
            names = ", ".join(dict.fromkeys(subjects))
            text += f"* row {row}, {names}: {note}\n"
        return text

    def bad(self, with_harness):
        return [(row, subject) for row in self.rows(with_harness)
                for subject in (self.subjects if row in self.of_backend else [None])
                if self.cell(row, subject) in ("FAILED", "no test")]

    def block(self):
        table = self.table(True)  # first: it collects the remarks
        return (f"{BEGIN}\n\n{table}\n{self.remarks()}\n## Which tests stand for which row\n"
                f"{self.tests(True)}\n{END}")


def kept_block(page):
    start, end = page.index(BEGIN), page.index(END) + len(END)
    return start, end


def without_results(block):
    """What must be the same on every machine: the rows, the columns and the tests."""
    table, tests = block.split("## Which tests stand for which row\n")
    rows = [line.strip("| \n").split("|") for line in table.splitlines()
            if line.startswith("|")]
    header = [cell.strip() for cell in rows[0]]
    return header, [[cell.strip() for cell in row[:2]] for row in rows[2:]], tests


def check(matrix, page_file, bats_files):
    matrix.read_bats(bats_files)
    page = open(page_file).read()
    start, end = kept_block(page)
    kept, made = without_results(page[start:end]), without_results(matrix.block())
    problems = [f"{page_file}: other {what} than the code has: make faults-page"
                for what, a, b in zip(["columns", "rows", "tests"], kept, made) if a != b]
    for number, title in matrix.titles.items():
        if f"\n### {number}. {title}\n" not in page:
            problems.append(f"{page_file}: no heading '### {number}. {title}'")
    if "FAILED" in page[start:end] or "no test" in page[start:end]:
        problems.append(f"{page_file}: a kept table with a cell that is not as it should be")
    for row in matrix.titles:
        if not any(row in rows for rows in matrix.cases.values()) and \
                row not in matrix.bats:
            problems.append(f"row {row} has no test")
    unknown = set(matrix.bats) - set(matrix.titles)
    if unknown:
        problems.append(f"bats tests are tagged with rows that are none: {unknown}")
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


def put(page_file, block):
    page = open(page_file).read()
    start, end = kept_block(page)
    with open(page_file, "w") as file:
        file.write(page[:start] + block + page[end:])


def main(command, list_file, *rest):
    matrix = Matrix(list_file)
    if command == "check":
        return check(matrix, rest[0], rest[1:])
    report, tap = rest[0], rest[1]
    with_harness = tap != "-"
    matrix.read_report(report)
    if with_harness:
        matrix.read_tap(tap)
    print(matrix.table(with_harness))
    print(matrix.remarks(), end="")
    if command == "keep":
        put(rest[2], matrix.block())
    bad = matrix.bad(with_harness)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
