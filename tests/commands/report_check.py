#!/usr/bin/python3
"""report_check.py - reads what muxbench report wrote, with other eyes.

page RESULT PAGE       the page is well formed, needs nothing from anywhere, names every
                       backend, shows no nan, and its verdicts and CPU medians are those
                       that follow from the trials
markdown RESULT FILE   the CPU medians of its first table
text RESULT FILE       plain ASCII that names every backend
hover RESULT FILE      what browser.py found: every figure answers, with the right numbers
odd RESULT OUT         makes a result of another one in which strangers wrote the texts
"""
import json
import re
import statistics
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}
EVIL = "./<img src=x onerror=alert(1)>\"'&\u202e|`*_.so"


def fail(*why):
    raise SystemExit(" ".join(map(str, why)))


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.text, self.rows, self.row = [], set(), [], [], None
        self.counts, self.verdicts, self.captions = {}, [], []
        self.svg = 0

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in VOID and not (self.svg and tag in ("path", "rect")):
            self.open.append(tag)
        self.svg += tag == "svg"
        for name, value in attributes:
            if name.startswith("on"):
                fail("an attribute that is script:", name, value)
            if name in ("src", "href", "data", "srcset", "action") and not (
                    value.startswith("#") or value == "data:,"):
                fail("an address:", tag, name, value)
        if "id" in values:
            if values["id"] in self.ids:
                fail("an id twice:", values["id"])
            self.ids.add(values["id"])
        if tag == "tr":
            self.row = []
            self.rows.append(self.row)
        if tag in ("td", "th"):
            self.row.append("")

    def handle_startendtag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if not self.svg:
            fail("self-closing outside of SVG:", tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            fail("</%s> closes %s" % (tag, self.open[-3:]), self.getpos())
        self.open.pop()
        self.svg -= tag == "svg"

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            if re.search(r"https?:|@import|url\(|fetch|XMLHttp", data):
                fail("style or script fetches something")
            return
        self.text.append(data)
        if self.row and ("td" in self.open or "th" in self.open) and "small" not in self.open:
            self.row[-1] += data


def shown_ns(ns):
    """As report_ns() has it: three digits and a unit."""
    for scale, unit in ((1, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")):
        if abs(ns) < 999.5 * scale or unit == "s":
            break
    value = ns / scale
    if unit == "ns":
        return "%.*f ns" % (value < 9.95, value)
    return "%.*f %s" % (0 if value >= 99.95 else 1 if value >= 9.995 else 2, value, unit)


def medians(result):
    """Server CPU of a request by cell, from the trials alone."""
    values = {}
    for trial in result["trials"]:
        if trial["role"] != "timed" or trial["status"] != "ok":
            continue
        units = trial["counters"].get("connections_opened") or trial["counters"]["requests_completed"]
        key = (trial["backend"], trial["connections_active"], trial["connections_idle"])
        values.setdefault(key, []).append(trial["server"]["cpu_ns"] / units)
    return {key: statistics.median(list_) for key, list_ in values.items()}


def check_medians(result, rows):
    """Rows of cells: somewhere is one with the backend and its medians in order."""
    found = medians(result)
    for active in {key[1] for key in found}:
        for backend in {key[0] for key in found}:
            wanted = [shown_ns(found[key]) for key in sorted(found)
                      if key[0] == backend and key[1] == active]
            if not any(row[0].strip() == backend and
                       [c for c in row[1:] if c != "–"] == wanted for row in rows if row):
                fail("no row of", backend, active, wanted)


def page(result, text):
    parser = Page()
    parser.feed(text)
    parser.close()
    if parser.open:
        fail("never closed:", parser.open)
    plain = " ".join(parser.text)
    for backend in result["config"]["backends"]:
        if backend.replace("\u202e", "\ufffd") not in plain:
            fail("does not name", backend)
    if re.search(r"\bnan\b|\binf(inity)?\b", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S), re.I):
        fail("shows nan or inf")
    if parser.counts.get("script") != 1 or parser.counts.get("style") != 1 or "img" in parser.counts:
        fail("elements that are not the page's own:", parser.counts)
    for entry in result["complexity"]:
        if entry["sentence"] not in plain:
            fail("lacks the verdict:", entry["sentence"])
    for trial in result["trials"]:
        for reason in trial["status_reasons"]:
            if " ".join(re.sub(r"[\x00-\x1f]", " ", reason).split()).replace("\u202e", "\ufffd") not in " ".join(plain.split()):
                fail("lacks the reason:", reason)
    if str(result["run"]["seed"]) not in plain:
        fail("lacks the seed")
    check_medians(json.loads(json.dumps(result).replace("\\u202e", "\\ufffd")), parser.rows)


def markdown(result, text):
    rows = []
    for line in text.splitlines():
        if line.startswith("| ") and "|---" not in line:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            rows.append([re.sub(r"\\(.)", r"\1", re.sub(r" \(.*", "", c.strip())).strip() for c in cells])
    check_medians(result, rows)


def text_(result, text):
    if not text.isascii() or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        fail("not plain ASCII")
    for backend in result["config"]["backends"]:
        if backend.encode("ascii", "replace").decode() not in text:
            fail("does not name", backend)


def hover(result, text):
    found = json.loads(text)
    if found["errors"] or found["requests"]:
        fail("console errors or requests:", found["errors"], found["requests"])
    wide = {width: pixels for width, pixels in found["overflow"].items() if pixels > 0}
    if wide:
        fail("wider than the window:", wide)
    if not {"cost-1", "cost-linear-1", "latency-1", "spectrum-1", "calls-1", "order"} <= set(found["hover"]):
        fail("figures are missing:", list(found["hover"]))
    silent = [figure for kind in ("hover", "touch") for figure, tip in found[kind].items() if not tip]
    if silent or not found["touch"]:
        fail("the pointer brings nothing up:", silent)
    if found["hidden"] < 1:
        fail("the key hides nothing")
    costs = medians(result)
    for kind in ("hover", "touch"):
        tip = re.match(r"(\S+), ([\d,]+) open connections?: ([\d.]+ \S+) per request", found[kind]["cost-1"])
        if not tip:
            fail("not what a tip of cost looks like:", found[kind]["cost-1"])
        backend, connections, cost = tip.groups()
        wanted = [shown_ns(ns) for (name, active, idle), ns in costs.items()
                  if name == backend and idle + active == int(connections.replace(",", ""))]
        if wanted != [cost]:
            fail("the tip says", tip[0], "and the trials say", wanted)


def odd(result, out):
    text = json.dumps(result).replace('"poll"', json.dumps(EVIL))
    result = json.loads(text)
    for trial in result["trials"]:
        if trial["calls"]:  # the call of that name is no backend
            trial["calls"] = {"poll" if k == EVIL else k: v for k, v in trial["calls"].items()}
    result["environment"]["warnings"] = ["</p><script>alert(1)</script>", "a\u202eb"]
    result["environment"]["cpu"]["model"] = "</style><b>CPU</b> | `x`"
    result["environment"]["new_ns"] = 1e300
    result["run"]["command"] += ["--out", "it's; rm -rf ~", "<x>"]
    result["run"]["interrupted"] = True
    timed = [t for t in result["trials"] if t["role"] == "timed" and t["status"] == "ok"]
    timed[0].update(status="invalid", status_reasons=["<b>held</b> 279 of 9000 & \"more\""])
    timed[1].update(status="failed", status_reasons=["the server said: </td></table>\x1b[31m"])
    timed[2].update(flags=["latency_invalid"], notes=["lag <i>late</i>"])
    result["complexity"] = []  # of another run; a report does not look at it
    json.dump(result, open(out, "w"))


def main():
    what, result_path, path = sys.argv[1:]
    result = json.load(open(result_path))
    if what == "odd":
        odd(result, path)
        return
    text = open(path, encoding="utf-8").read().replace("\u00a0", " ")
    {"page": page, "markdown": markdown, "text": text_, "hover": hover}[what](result, text)


main()
