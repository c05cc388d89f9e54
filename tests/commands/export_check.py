#!/usr/bin/env python3
"""export_check.py - what `muxbench export` wrote, read by other eyes.

    export_check.py make FILE                      a result.json with every oddity in it
    export_check.py FORMAT RESULT EXPORTED [METRIC]  parses an export, compares its numbers

Each format is parsed as its readers parse it; every number is derived from the trials of
result.json once more, by other code than the harness's. The first difference ends it.
"""
import csv
import json
import math
import re
import statistics
import sys

KEYS = {  # name of --metric: key in JSON, unit of the Go benchmark format
    "cpu": ("server_cpu_ns_per_request", "server-cpu-ns/op"),
    "connection-cpu": ("server_cpu_ns_per_connection", "server-cpu-ns/conn"),
    "wall": ("wall_ns_per_request", "wall-ns/op"),
    "p50": ("latency_p50_ns", "p50-ns"),
    "p99": ("latency_p99_ns", "p99-ns"),
    "rate": ("requests_per_second", "req/s"),
    "syscalls": ("syscalls_per_request", "syscalls/op"),
    "calls": ("server_calls_per_request", "calls/op"),
}
ALL_BUT_WALL = [name for name in KEYS if name != "wall"]


def same(got, wanted, what, tolerance=1e-9):
    if wanted is None or got is None:
        assert got is None and wanted is None, f"{what}: {got!r}, not {wanted!r}"
    else:
        close = math.isclose(float(got), float(wanted), rel_tol=tolerance)
        assert close, f"{what}: {got!r}, not {wanted!r}"


# ---- a result, taken apart once more -------------------------------------------------


def bucket_bounds(value):
    shift = max(value.bit_length() - 11, 0)
    return (value >> shift) << shift, (((value >> shift) + 1) << shift) - 1


def histogram_of(values):
    buckets = {}
    for value in values:
        bounds = bucket_bounds(value)
        buckets[bounds] = buckets.get(bounds, 0) + 1
    return {
        "count": len(values),
        "min_ns": min(values),
        "max_ns": max(values),
        "sum_ns": sum(values),
        "saturated": 0,
        "buckets": [[low, high, n] for (low, high), n in sorted(buckets.items())],
    }


def percentile(buckets, largest, p):
    """The highest value of the bucket in which the p-th part of all values is reached."""
    count = sum(n for _, _, n in buckets)
    if count * (1 - p) < 10 - 1e-6:
        return None
    rank, seen = max(1, math.ceil(p * count - 1e-9)), 0
    for _, high, n in sorted(buckets):
        seen += n
        if seen >= rank:
            return min(high, largest)


def latency_of(record):
    """(buckets, max, sum) that count, or None."""
    if {"latency_invalid", "client_saturated", "overload"} & set(record.get("flags", [])):
        return None
    latency = record["latency"] or {}
    times = latency.get("response") or latency.get("service")
    return times and (times["buckets"], times["max_ns"], times["sum_ns"])


def name_of(record):
    def part(key, value, usual):
        escaped = re.sub(
            rb"[^-A-Za-z0-9._+]", lambda m: b"%%%02X" % m[0][0], str(value).encode()
        ).decode()
        return "" if value == usual else f"/{key}={escaped}"

    return (
        record.get("workload", "echo").capitalize()
        + part("backend", record["backend"], None)
        + f"/idle={record['connections_idle']}/active={record['connections_active']}"
        + part("bytes", record["message_bytes"], 64)
        + part("pipeline", record.get("pipeline", 1), 1)
        + part("requests", record.get("churn_requests"), None)
        + part("set", record.get("active_set", "fixed"), "fixed")
        + part("placement", record["placement"]["kind"], "same-core")
        + part("sched", record["placement"].get("sched", "other"), "other")
        + part("arrival", record.get("arrival"), None)
        + part("rate", record.get("rate"), None)
    )


class Cell:
    def __init__(self):
        self.records = []

    def trials(self):
        """{trial_id: {metric: value}} of the windows that are ok."""
        trials = {}
        for record in self.records:
            if record["status"] != "ok":
                continue
            values = trials.setdefault(
                (record["block"], record["trial_id"]), dict.fromkeys(KEYS)
            )
            requests = record["counters"]["requests_completed"]
            if record["role"] == "counted":
                values["calls"] = sum(record["calls"].values()) / requests
                if record["syscalls_total"] is not None:
                    values["syscalls"] = record["syscalls_total"] / requests
                continue
            cpu_ns = record["server"]["cpu_ns"]
            values["requests"] = requests
            values["cpu"] = cpu_ns / requests
            values["wall"] = record["measured_ns"] / requests
            if record["counters"].get("connections_opened"):
                values["connection-cpu"] = cpu_ns / record["counters"]["connections_opened"]
            if not {"latency_invalid", "client_saturated"} & set(record.get("flags", [])):
                values["rate"] = requests / (record["measured_ns"] / 1e9)
            latency = latency_of(record)
            if latency:
                values["p50"] = percentile(*latency[:2], 0.5)
                values["p99"] = percentile(*latency[:2], 0.99)
        return [trials[key] for key in sorted(trials)]

    def merged(self):
        """(buckets, max, sum) of all timed windows that are ok."""
        buckets, largest, total = {}, 0, 0
        for record in self.records:
            latency = (
                latency_of(record)
                if record["status"] == "ok" and record["role"] == "timed"
                else None
            )
            for low, high, n in latency[0] if latency else []:
                buckets[low, high] = buckets.get((low, high), 0) + n
            largest = max(largest, latency[1] if latency else 0)
            total += latency[2] if latency else 0
        return [(low, high, n) for (low, high), n in buckets.items()], largest, total

    def samples(self, metric):
        return [t[metric] for t in self.trials() if t[metric] is not None]

    def figure(self, metric):
        if metric in ("p50", "p99"):
            return percentile(*self.merged()[:2], float("0." + metric[1:]))
        samples = self.samples(metric)
        return statistics.median(samples) if samples else None

    def bounds(self, metric):
        """Of an interval for the median from six values on, else the extremes."""
        samples, value = sorted(self.samples(metric)), self.figure(metric)
        if not samples:
            return value, value
        n, k = len(samples), 0
        while sum(math.comb(n, i) for i in range(k + 1)) / 2**n <= 0.025:
            k += 1
        low, high = samples[max(k, 1) - 1], samples[n - max(k, 1)]
        return min(low, value), max(high, value)


def cells_of(path):
    result = json.load(open(path))
    cells = {}
    for record in result["trials"]:
        cells.setdefault(name_of(record), Cell()).records.append(record)
    return result, cells


def shown(cells, metrics):
    """The cells that have any of these figures."""
    return {
        name
        for name, cell in cells.items()
        if any(cell.figure(metric) is not None for metric in metrics)
    }


# ---- the formats ---------------------------------------------------------------------


def check_csv(path, text, metric):
    result, _ = cells_of(path)
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    assert len(rows) == len(result["trials"]), len(rows)
    for row, record in zip(rows, result["trials"]):
        assert None not in row and None not in row.values(), f"ragged: {row}"
        here = f"{record['trial_id']} {record['role']}"
        for key in ("trial_id", "role", "backend", "status"):
            assert row[key] == record[key], f"{here}: {key} is {row[key]!r}"
        reasons = " ".join("; ".join(record["status_reasons"]).split())
        assert " ".join(row["status_reasons"].split()) == reasons, row["status_reasons"]
        numbers = {"measured_ns": record["measured_ns"]}
        numbers["syscalls_total"] = record["syscalls_total"]
        for group, prefix in ("counters", ""), ("calls", "calls_"), (
            "server",
            "server_",
        ), ("client", "client_"):
            for key, value in (record[group] or {}).items():
                if isinstance(value, int):
                    numbers[prefix + key] = value
        for kind in ("response", "service", "send_lag"):
            times = (record["latency"] or {}).get(kind)
            for key in ("count", "sum_ns", "max_ns"):
                numbers[f"latency_{kind}_{key}"] = times and times[key]
            for name, p in ("p50", 0.5), ("p99", 0.99), ("p999", 0.999):
                numbers[f"latency_{kind}_{name}_ns"] = times and percentile(
                    times["buckets"], times["max_ns"], p
                )
        if record["counters"]:
            requests = record["counters"]["requests_completed"]
            numbers["server_cpu_ns_per_request"] = (
                record["server"]["cpu_ns"] / requests if requests else None
            )
        else:
            assert row["server_cpu_ns_per_request"] == "", row
            assert row["requests_completed"] == "", row
        for key, value in numbers.items():
            same(float(row[key]) if row[key] else None, value, f"{here}: {key}")


def check_json(path, text, metric):
    result, cells = cells_of(path)
    export = json.loads(text)
    assert export["schema"] == "muxbench.export" and export["run"] == result["run"]
    assert export["complexity"] == result["complexity"]
    assert [c["name"] for c in export["cells"]] == sorted(
        cells, key=[c["name"] for c in export["cells"]].index
    )
    for got in export["cells"]:
        cell = cells[got["name"]]
        for name, (key, _) in KEYS.items():
            figure = got["figures"][key]
            same(figure and figure["value"], cell.figure(name), f"{got['name']} {key}")
            samples = [t[key] for t in got["trials"] if t[key] is not None]
            assert len(samples) == len(cell.samples(name)), f"{got['name']} {key}"
            for one, other in zip(samples, cell.samples(name)):
                same(one, other, f"{got['name']} {key}")
            if figure and samples:
                same(figure["min"], min(samples), key)
                same(figure["max"], max(samples), key)
                assert (figure["low"] is None) == (len(samples) < 6), figure
                if figure["low"] is not None:
                    same(figure["low"], cell.bounds(name)[0], f"{key} low")
                    same(figure["high"], cell.bounds(name)[1], f"{key} high")
        statuses = [record["status"] for record in cell.records]
        assert got["windows"] == {s: statuses.count(s) for s in got["windows"]}
        assert sum(got["windows"].values()) == len(statuses)


def parse_gobench(text):
    """As golang.org/x/perf/benchfmt reads it: config, units, [(name, n, {unit: value})]."""
    config, units, results = {}, {}, []
    for line in text.splitlines():
        fields = line.split()
        if line.startswith("Benchmark"):
            name, count, measurements = fields[0], int(fields[1]), fields[2:]
            assert measurements and len(measurements) % 2 == 0, line
            values = {}
            for value, unit in zip(measurements[::2], measurements[1::2]):
                assert unit not in values, line
                values[unit] = float(value)
            results.append((name, count, values))
        elif fields[:1] == ["Unit"]:
            units[fields[1]] = dict(field.split("=", 1) for field in fields[2:])
        elif line:
            match = re.match(r"([a-z][^\sA-Z:]*):[ \t]+(.*)$", line)
            assert match, f"neither a result nor a key: {line!r}"
            config[match[1]] = match[2]
    return config, units, results


def check_gobench(path, text, metric):
    _, cells = cells_of(path)
    metrics = metric.split(",") if metric else ALL_BUT_WALL
    config, units, results = parse_gobench(text)
    assert config["goos"] == "linux" and config["pkg"] == "muxbench", config
    for name in metrics:
        unit = KEYS[name][1]
        if any(unit in values for _, _, values in results):
            better = "higher" if name == "rate" else "lower"
            wanted = {"better": better}
            if name in ("syscalls", "calls"):
                wanted["assume"] = "exact"
            assert units[unit] == wanted, (unit, units.get(unit))
    order = [name for name, _, _ in results]
    seen = []
    for name in dict.fromkeys(order):
        first, last = order.index(name), len(order) - order[::-1].index(name)
        assert set(order[first:last]) == {name}, f"{name} is scattered"
        assert re.fullmatch(r"Benchmark[A-Z]\w*(/[a-z]+=[^/\s]+)+", name), name
        trials = [
            t
            for t in cells[name[len("Benchmark") :]].trials()
            if any(t[m] is not None for m in metrics)
        ]
        assert len(trials) == last - first, f"{name}: {last - first} lines"
        for (_, count, values), trial in zip(results[first:last], trials):
            if "requests" in trial:
                assert count == trial["requests"], name
            wanted = {KEYS[m][1] for m in metrics if trial[m] is not None}
            assert set(values) == wanted, f"{name}: {sorted(values)}"
            for m in metrics:
                same(values.get(KEYS[m][1]), trial[m], f"{name} {m}")
        seen.append(name[len("Benchmark") :])
    assert set(seen) == shown(cells, metrics), set(seen) ^ shown(cells, metrics)


def check_gbench_json(path, text, metric):
    _, cells = cells_of(path)
    metric = metric or "wall"
    export = json.loads(text)
    assert export["context"]["json_schema_version"] == 1
    assert isinstance(export["context"]["num_cpus"], int)
    got = {}
    for entry in export["benchmarks"]:
        assert entry["run_type"] == "iteration" and entry["time_unit"] == "ns"
        assert entry["name"] == entry["run_name"]
        got.setdefault(entry["name"], []).append(entry)
    for name, entries in got.items():
        trials = [t for t in cells[name].trials() if t["cpu"] and t[metric] is not None]
        assert len(entries) == len(trials), name
        assert len({(e["family_index"], e["per_family_instance_index"]) for e in entries}) == 1
        for i, (entry, trial) in enumerate(zip(entries, trials)):
            assert entry["repetition_index"] == i and entry["repetitions"] == len(trials)
            assert entry["iterations"] == trial["requests"]
            same(entry["cpu_time"], trial["cpu"], name)
            same(entry["real_time"], trial[metric], name)
            for m in ("p50", "p99", "rate", "syscalls", "calls"):
                same(entry.get(KEYS[m][0]), trial[m], f"{name} {m}")
    wanted = {
        name
        for name, cell in cells.items()
        if any(t["cpu"] and t[metric] is not None for t in cell.trials())
    }
    assert set(got) == wanted, set(got) ^ wanted


def check_gab_json(path, text, metric):
    _, cells = cells_of(path)
    metrics = metric.split(",") if metric else [m for m in ALL_BUT_WALL if m != "rate"]
    entries = json.loads(text)
    names = set()
    for entry in entries:
        assert set(entry) == {"name", "unit", "value", "range", "extra"}, entry
        assert all(isinstance(entry[k], str) for k in ("name", "unit", "range", "extra"))
        assert isinstance(entry["value"], (int, float)), entry
        name, _, m = entry["name"].rpartition(" ")
        assert m in metrics, entry
        same(entry["value"], cells[name].figure(m), entry["name"])
        low, high = (float(x) for x in entry["range"].split(" to "))
        for got, wanted in zip((low, high), cells[name].bounds(m)):
            same(got, wanted, f"{entry['name']} range", 1e-5)
        names.add(entry["name"])
    assert len(names) == len(entries)
    assert names == {
        f"{name} {m}"
        for name, cell in cells.items()
        for m in metrics
        if cell.figure(m) is not None
    }


def check_bmf_json(path, text, metric):
    _, cells = cells_of(path)
    metrics = metric.split(",") if metric else ALL_BUT_WALL
    export = json.loads(text)
    assert set(export) == shown(cells, metrics), set(export) ^ shown(cells, metrics)
    for name, measures in export.items():
        wanted = {KEYS[m][0] for m in metrics if cells[name].figure(m) is not None}
        assert set(measures) == wanted, (name, measures)
        for m in metrics:
            if KEYS[m][0] not in measures:
                continue
            measure = measures[KEYS[m][0]]
            assert set(measure) == {"value", "lower_value", "upper_value"}
            assert measure["lower_value"] <= measure["value"] <= measure["upper_value"]
            same(measure["value"], cells[name].figure(m), f"{name} {m}")
            same(measure["lower_value"], cells[name].bounds(m)[0], f"{name} {m} lower")
            same(measure["upper_value"], cells[name].bounds(m)[1], f"{name} {m} upper")


def check_hyperfine_json(path, text, metric):
    _, cells = cells_of(path)
    metric = metric or "cpu"
    results = json.loads(text)["results"]
    for result in results:
        name, times = result["command"], result["times"]
        samples = [ns / 1e9 for ns in cells[name].samples(metric)]
        assert len(times) == len(samples) == len(result["exit_codes"]), name
        for got, wanted in zip(times, samples):
            same(got, wanted, name)
        same(result["mean"], statistics.mean(samples), f"{name} mean")
        same(result["median"], statistics.median(samples), f"{name} median")
        same(result["min"], min(samples), f"{name} min")
        same(result["max"], max(samples), f"{name} max")
        if len(samples) > 1:
            deviation = statistics.stdev(samples)
            assert math.isclose(result["stddev"], deviation, rel_tol=1e-6, abs_tol=1e-15)
        else:
            assert result["stddev"] is None
        assert all(isinstance(v, str) for v in result["parameters"].values())
        assert set(result["exit_codes"]) == {0}
    wanted = [name for name, cell in cells.items() if cell.samples(metric)]
    assert sorted(r["command"] for r in results) == sorted(wanted)


def check_hgrm(path, text, metric):
    """metric: the name of the cell that it is of."""
    _, cells = cells_of(path)
    buckets, largest, total = cells[metric].merged()
    count = sum(n for _, _, n in buckets)
    lines = text.splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    rows, notes = [], {}
    for line in lines[1:]:
        if line.startswith("#"):
            for key, value in re.findall(r"(\w[\w ]*?)\s*=\s*([\d.]+)", line):
                notes[key] = float(value)
        elif line.strip():
            rows.append([float(field) for field in line.split()])
    assert rows[0][1] == 0 and rows[-1][1] == 1 and len(rows[-1]) == 3, rows
    level = 0.0  # in percent; HdrHistogram's steps, five for each half of what is left
    for row in rows[:-1]:
        value, p, seen, inverse = row
        same(p, level / 100, "level", 1e-9)
        level += 100 / (5 * 2 ** (int(math.log(100 / (100 - level), 2)) + 1))
        same(inverse, 1 / (1 - p), "1/(1-p)", 5e-3)
        ns = round(value * 1e3)
        reached = sum(n for _, high, n in buckets if min(high, largest) <= ns)
        below = sum(n for _, high, n in buckets if min(high, largest) < ns)
        assert seen == reached, f"{row}: {reached} values are not above"
        assert below < max(p * count, 1) + 1e-6 and p * count <= seen + 1e-6, row
    assert level > 90, level
    assert rows[-1][2] == count == notes["Total count"], rows[-1]
    assert rows[-1][0] == round(largest / 1e3, 3), rows[-1]
    same(notes["Max"], largest / 1e3, "max")
    assert abs(notes["Mean"] - total / count / 1e3) <= 0.0006, notes
    mean = total / count
    squares = sum(((low + high) / 2 - mean) ** 2 * n for low, high, n in buckets)
    assert abs(notes["StdDeviation"] - math.sqrt(squares / count) / 1e3) <= 0.0006, notes
    assert notes["SubBuckets"] == 2048


def number_of(text):
    """"7.59 us" in ns, "43,002", "3.000"; None for "-"."""
    if text == "-":
        return None
    factor = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * factor.get(unit, 1)


def check_markdown(path, text, metric):
    result, cells = cells_of(path)
    lines = text.splitlines()
    table = [line for line in lines if line.startswith("|")]
    rows = [
        [field.strip() for field in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table
    ]
    head, rule, rows = rows[0], rows[1], rows[2:]
    assert all(re.fullmatch(r"-+:?", field) for field in rule), rule
    assert len({len(row) for row in rows} | {len(head), len(rule)}) == 1, "ragged"
    assert len(rows) == len(cells), f"{len(rows)} rows for {len(cells)} cells"
    titles = {
        "server CPU a request": "cpu",
        "server CPU a connection": "connection-cpu",
        "p50": "p50",
        "p99": "p99",
        "requests/s": "rate",
        "system calls a request": "syscalls",
    }
    assert set(head[4:]) <= set(titles), head
    order = [c["name"] for c in json.load(open(metric))["cells"]]  # of the json export
    for row, name in zip(rows, order):
        cell = cells[name]
        backend = cell.records[0]["backend"]
        plain = re.sub(r"\\(.)", r"\1", row[0]).replace("&lt;", "<").replace("&amp;", "&")
        assert plain == backend or plain.startswith(backend + ", "), row
        assert number_of(row[1]) == cell.records[0]["connections_idle"], row
        assert number_of(row[2]) == cell.records[0]["connections_active"], row
        assert int(row[3]) == len(cell.trials()), row
        for title, field in zip(head[4:], row[4:]):
            value, _, bounds = field.partition(" (")
            m = titles[title]
            same(number_of(value), cell.figure(m), f"{name} {m}", 6e-3)
            if bounds:
                for got, wanted in zip(bounds.rstrip(")").split(" to "), cell.bounds(m)):
                    same(number_of(got), wanted, f"{name} {m} ({bounds}", 6e-3)
    for entry in result["complexity"]:
        assert entry["sentence"] in re.sub(r"\\(.)", r"\1", text), entry
    for name, cell in cells.items():
        bad = [r for r in cell.records if r["status"] != "ok"]
        listed = any(re.sub(r"\\(.)", r"\1", line).startswith(f"* {name}:") for line in lines)
        assert listed == bool(bad), f"{name}: is it listed as left out? {listed}"


# ---- a result with every oddity ------------------------------------------------------


def usage(cpu_ns):
    return {
        "cpu_ns": cpu_ns,
        "cpu_user_ns": cpu_ns // 4,
        "cpu_sys_ns": cpu_ns - cpu_ns // 4,
        "ctx_switches_voluntary": 10,
        "ctx_switches_involuntary": 2,
        "rss_max_bytes": 2000000,
        "run_delay_ns": 1000,
    }


class Maker:
    def __init__(self):
        self.trials = []
        self.noise = 12345

    def random(self):
        self.noise = (self.noise * 1103515245 + 12345) % 2**31
        return self.noise / 2**31

    def window(self, cell, block, role, status="ok", reasons=(), flags=(), kernel=True, n=1500):
        measured = status in ("ok", "invalid")
        cost = 2000 + 40 * cell["connections_idle"] * (cell["backend"] == "poll")
        cpu_ns = int(n * cost * (0.9 + 0.2 * self.random()))
        calls = {"poll": n, "recvfrom": n, "sendto": n}
        values = [int(8000 + 90000 * self.random() ** 4) for _ in range(n)]
        record = {
            "trial_id": f"{block}.{cell['order']:02}",
            "block": block,
            "order_in_block": cell["order"],
            "role": role,
            "status": status,
            "status_reasons": list(reasons),
            "flags": list(flags),
            "setup": None,
            "measured_ns": int(4e8 + 1e6 * self.random()) if measured else None,
            "counters": {"requests_completed": n, "errors": 0, "wakeups": n} if measured else None,
            "calls": calls if measured else None,
            "syscalls_total": 3 * n if measured and kernel and role == "counted" else None,
            "syscall_method": "made up" if measured else None,
            "server": {**usage(cpu_ns), "modes": ["A", "B"]} if measured else None,
            "client": usage(cpu_ns // 2) if measured else None,
            "latency": {
                "response": None,
                "service": histogram_of(values),
                "send_lag": None,
            }
            if measured and role == "timed"
            else None,
        }
        record.update({k: v for k, v in cell.items() if k != "order"})
        if measured and cell.get("workload") == "churn":
            record["counters"]["connections_opened"] = n // 5
        if measured and role == "timed" and cell.get("rate"):
            record["latency"]["response"] = histogram_of([v + 50000 for v in values])
            record["latency"]["send_lag"] = histogram_of([v // 100 for v in values])
        self.trials.append(record)
        return record


def make(path):
    maker = Maker()
    base = {
        "connections_active": 1,
        "message_bytes": 64,
        "placement": {"kind": "same-core", "server_cpu": 1, "client_cpu": 1, "pinned": True},
    }
    plugin = './odd dir/<b>|na"me,%.so'
    cells = []
    for backend, idle, more in [
        ("poll", 0, {}),
        ("poll", 1000, {}),
        ("epoll-lt", 0, {}),
        ("epoll-lt", 1000, {}),
        (plugin, 0, {}),
        (plugin, 1000, {}),
        # from here on each differs from another one in one thing
        ("epoll-lt", 0, {"connections_active": 100}),
        ("epoll-lt", 0, {"message_bytes": 1024}),
        ("epoll-lt", 0, {"pipeline": 16}),
        ("epoll-lt", 0, {"active_set": "spread"}),
        ("epoll-lt", 0, {"rate": 5000, "arrival": "poisson"}),
        ("epoll-lt", 0, {"rate": 9000, "arrival": "poisson"}),
        ("epoll-lt", 0, {"rate": 9000, "arrival": "constant"}),
        ("epoll-lt", 0, {"workload": "churn", "churn_requests": 5}),
        ("epoll-lt", 0, {"workload": "churn", "churn_requests": 1}),
        ("poll", 0, {"placement": {"kind": "cross-core"}}),
        ("poll", 0, {"placement": {"kind": "cross-core", "sched": "fifo"}}),
    ]:
        cells.append({**base, "backend": backend, "connections_idle": idle, **more})
    for order, cell in enumerate(cells):
        cell["order"] = order + 1
    for block in range(1, 10):
        for i, cell in enumerate(cells):
            kernel = cell["backend"] != plugin
            few = 600 if i == 1 else 1500  # no p99 of one trial, but of all
            if i == 2 and block == 3:  # absurd, and invalid: in no figure
                bad = maker.window(cell, block, "timed", "invalid", ["it drifted,\n\"much\""])
                bad["server"]["cpu_ns"] *= 1000
                maker.window(cell, block, "counted", kernel=kernel)
            elif i == 3 and block == 4:  # CPU stands, latency and throughput do not
                bad = maker.window(cell, block, "timed", flags=["client_saturated"])
                bad["latency"]["service"] = histogram_of([59000000000] * 3000)
                bad["measured_ns"] *= 100
                maker.window(cell, block, "counted", kernel=kernel)
            elif i == 10 and block == 5:  # overload: throughput stands
                bad = maker.window(cell, block, "timed", flags=["overload"])
                bad["latency"]["response"] = histogram_of([59000000000] * 3000)
                maker.window(cell, block, "counted", kernel=kernel)
            elif i == 5:  # a cell without any figure
                for role in ("timed", "counted"):
                    maker.window(cell, block, role, "skipped", ["holds 9 connections"])
            elif i == 0 and block == 2:  # counted alone is ok
                maker.window(cell, block, "timed", "failed", ["killed by signal 9"])
                maker.window(cell, block, "counted", kernel=kernel)
            else:
                maker.window(cell, block, "timed", n=few)
                maker.window(cell, block, "counted", kernel=kernel, n=few)
    result = {
        "schema": "muxbench.result",
        "schema_version": {"major": 1, "minor": 0},
        "run": {"id": "made-up", "seed": 1},
        "environment": {"kernel": "6.1", "architecture": "x86_64", "cpu": {"model": "X\tY"}},
        "config": {"backends": ["poll", "epoll-lt", plugin]},
        "trials": maker.trials,
        "summary": [],
        "complexity": [
            {"backend": "poll", "sentence": "O(n): 40 ns per idle_connection (fixed set)"}
        ],
    }
    with open(path, "w") as out:
        json.dump(result, out)


def main():
    what, *rest = sys.argv[1:]
    if what == "make":
        make(*rest)
        return
    check = globals()["check_" + what.replace("-", "_")]
    path, exported, *metric = rest
    with open(exported, newline="") as file:
        check(path, file.read(), metric[0] if metric else None)


main()
