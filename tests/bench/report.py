# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md from the figures. Medians; ranges in brackets where a figure has several runs."""
import math
import os
import pathlib
import re
import statistics


def machine():
    def field(path, name):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
        return "unknown"

    gigabytes = int(field("/proc/meminfo", "MemTotal").split()[0]) * 1024 / 1e9
    return f"{os.cpu_count()} cores of {field('/proc/cpuinfo', 'model name')}, {gigabytes:.0f} GB of memory"


def median(values):
    return statistics.median(values)


def spread(values, form="{:.1f}"):
    values = list(values)
    middle = form.format(median(values))
    return f"{middle} ({form.format(min(values))} to {form.format(max(values))})"


def ratios(results, other):
    """Of the runs of the same round: how many times less CPU per entry `results` took than `other`."""
    return [b.micros / a.micros for a, b in zip(results, other)]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def megabytes(count):
    return f"{count / 1e6:.0f} MB"


def compared(results):
    ours = results["join and write"]
    rows = []
    for name, runs in results.items():
        ratio = "1" if runs is ours else spread(ratios(ours, runs), "{:.2f}")
        rows.append((name, f"{median(r.per_second for r in runs):,.0f}", spread([r.micros for r in runs], "{:.2f}"), ratio,
                     megabytes(median(r.peak for r in runs))))
    return table(("Receiver", "Entries per CPU second", "µs of CPU per entry", "CPU compared to the first", "Peak memory"),
                 rows)


def parts_of(results):
    """Where the time of joining and writing goes, and how little of it the goals leave."""
    whole, alone, door = (median(r.micros for r in results[name]) for name in ("join and write", "join alone", "receive and decode"))
    out = (f"Of the {whole:.2f} µs of *join and write*, {door:.2f} receive and decode, {alone - door:.2f} join, and {whole - alone:.2f} make JSON\n"
           "and write it.")
    if "OpenTelemetry Collector" in results:
        other = median(r.micros for r in results["OpenTelemetry Collector"])
        out += (f" The goals leave {other / 20:.2f} µs for all of it, and {other / 35:.2f} without writing, of which\n"
                f"receiving and decoding alone take {door:.2f}.")
    return out


SLOW = "1, for a tenth of the entries a second"
SLOW_TOO = "10 that want everything, for as many"


def by_taps(results):
    """With what each costs compared to one tap at the same rate."""
    rows = []
    for name, runs in results.items():
        one = results[SLOW if name in (SLOW, SLOW_TOO) else "1"]
        rows.append((name, f"{median(r.per_second for r in runs):,.0f}", spread([r.micros for r in runs], "{:.2f}"),
                     "1" if runs is one else spread(ratios(one, runs), "{:.2f}")))
    return table(("Taps", "Entries per CPU second", "µs of CPU per entry", "CPU compared to one"), rows)


def by_threads(results):
    one = results["1"]
    return table(("Pairing threads", "Entries per CPU second", "µs of CPU per entry", "CPU compared to one"),
                 [(count, f"{median(r.per_second for r in runs):,.0f}", spread([r.micros for r in runs], "{:.2f}"),
                   "1" if runs is one else spread(ratios(one, runs), "{:.2f}")) for count, runs in results.items()])


def by_roles(results):
    ours, both = results["all"], results["receiver and pairer"]

    def of(seconds):
        return spread([r.each(seconds(r)) for r in both], "{:.2f}")

    rows = [("`all`", spread([r.micros for r in ours], "{:.2f}"), "1"),
            ("receiver and pairer", spread([r.micros for r in both], "{:.2f}"), spread(ratios(ours, both), "{:.2f}")),
            ("the receiver of these", of(lambda r: r.receiver), ""),
            ("the pairer of these", of(lambda r: r.pairer), ""),
            ("Kafka, which is not in them", of(lambda r: r.broker), "")]
    return table(("Role", "µs of CPU per entry", "CPU compared to the first"), rows)


def of_pairers(results):
    return {count: runs for count, runs in results.items() if count.isdigit()}


def by_pairers(results):
    one = results["1"]
    return table(("Pairers", "µs of CPU per entry", "CPU compared to one", "Peak memory of one"),
                 [(count, spread([r.micros for r in runs], "{:.2f}"), "1" if runs is one else spread(ratios(one, runs), "{:.2f}"),
                   megabytes(median(r.peak for r in runs))) for count, runs in of_pairers(results).items()])


def by_shuffle(results):
    return f"{by_roles(results)}\n\n{by_pairers(results)}"


def open_cpu(results):
    """Microseconds of CPU that one more stream cost to open."""
    return median(r.opening_cpu for r in results) / results[0].streams * 1e6


def idle_kilobytes(results):
    return median(r.idle_memory for r in results) / results[0].streams / 1e3


def most_streams(results):
    """The name of the run with the most streams, without TLS."""
    return max((name for name in results if "mTLS" not in name), key=lambda name: results[name][0].streams)


def by_streams(results):
    rows = []
    for name, runs in results.items():
        rows.append((name, spread([r.micros for r in runs], "{:.2f}"),
                     f"{open_cpu(runs):.0f} µs", f"{idle_kilobytes(runs):.1f} kB", megabytes(median(r.peak for r in runs))))
    return table(("Streams", "µs of CPU per entry", "CPU to open one", "Memory of an idle one", "Peak memory"), rows)


def by_outputs(results):
    plain = results["File"]
    return table(("Output", "µs of CPU per entry", "CPU compared to the first", "Peak memory"),
                 [(name, spread([r.micros for r in runs], "{:.2f}"), "1" if runs is plain else spread(ratios(plain, runs), "{:.2f}"),
                   megabytes(median(r.peak for r in runs))) for name, runs in results.items()])


def by_ends(results):
    """With what one record, which is of two entries, costs more than in a file."""
    plain = results["File"]
    rows = []
    for name, runs in results.items():
        more = 2 * (median(r.micros for r in runs) - median(r.micros for r in plain))
        compared_to_it = ("1", "") if runs is plain else (spread(ratios(plain, runs), "{:.2f}"), f"{more:.1f}")
        rows.append((name, spread([r.micros for r in runs], "{:.2f}"), *compared_to_it))
    return table(("Output", "µs of CPU per entry", "CPU compared to the first", "µs of CPU per record more"), rows)


def by_live_readers(results):
    none = median(r.micros for r in results["0"])
    return table(("Readers", "µs of CPU per entry", "µs of CPU for each record that one reads", "Peak memory"),
                 [(name, spread([r.micros for r in runs], "{:.2f}"),
                   f"{2 * (median(r.micros for r in runs) - none) / int(name):.1f}" if int(name) else "",
                   megabytes(median(r.peak for r in runs))) for name, runs in results.items()])


def by_rates(results):
    return table(("Records a second", "Frames a second", "Dropped of 60", "Longest time between two"),
                 [(name, f"{f.frames / f.seconds:.0f}", f"{100 * f.dropped:.0f} %", f"{1000 * f.longest:.0f} ms")
                  for name, (f,) in results.items()])


FILTERED = "open --response-code 5xx -o json"


def by_readers(results):
    ours, rows = results[FILTERED], []
    for name, runs in results.items():
        cost = [a.megabytes_per_second / b.megabytes_per_second for a, b in zip(ours, runs)]
        rows.append((name, spread([r.megabytes_per_second for r in runs], "{:.0f}"), "1" if runs is ours else spread(cost, "{:.2f}"),
                     f"{median(r.records_per_second for r in runs):,.0f}", megabytes(max(r.peak for r in runs)),
                     megabytes(runs[0].recording.size)))
    return table(("Command", "MB per CPU second", "CPU per byte compared to the first", "Records per CPU second", "Peak memory",
                  "Size of the file"), rows)


def per_half(waiting):
    """Bytes of resident memory that one more waiting half takes."""
    few, many = (runs[0] for runs in waiting.values())
    return (many.peak - few.peak) / (many.entries - few.entries)


def by_waiting(waiting):
    rows = [(f"{w.entries:,}", megabytes(w.peak), f"{w.idle_memory / w.entries:.0f} bytes", f"{w.micros:.2f}")
            for w, in waiting.values()]
    return table(("Waiting halves", "More resident memory", "Counted against the bound, each", "µs of CPU per entry"), rows)


def at_least(what, ratio, wanted):
    return what, f"at least {wanted} times", f"{ratio:.1f} times", ratio >= wanted


def at_most(what, value, wanted, form, unit):
    return what, f"at most {wanted}{unit}", f"{form.format(value)}{unit}", value <= wanted


def goals(figures):
    compare, taps, streams = figures["compare"], figures["taps"], figures["streams"]
    ours, alone, door = (compare[name] for name in ("join and write", "join alone", "receive and decode"))
    slow = taps[SLOW]
    most = most_streams(streams)
    threads, shuffle = max(figures["threads"], key=int), figures["shuffle"]
    pairers = max(of_pairers(shuffle), key=int)
    rows = []
    if "OpenTelemetry Collector" in compare:
        other = compare["OpenTelemetry Collector"]
        rows += [
            at_least("Entries per CPU second against the OpenTelemetry Collector", median(ratios(ours, other)), 20),
            at_least("The same without writing", median(ratios(alone, other)), 35),
        ]
    rows += [
        at_most("CPU of joining alone against receiving and decoding", median(ratios(door, alone)), 2.5, "{:.2f}", " times"),
        at_most("CPU of joining and writing against a gRPC server that parses and drops", median(ratios(compare["floor"], ours)), 2,
                "{:.2f}", " times"),
        at_most("CPU with 100 more taps that match nothing", median(ratios(taps["1"], taps["1, and 100 that match nothing"])), 1.1,
                "{:.2f}", " times"),
        at_most("CPU with ten taps that want everything", median(ratios(slow, taps[SLOW_TOO])), 2,
                "{:.2f}", " times"),
        at_most(f"CPU with {threads} pairing threads", median(ratios(figures["threads"]["1"], figures["threads"][threads])), 1.05,
                "{:.2f}", " times"),
        at_most("CPU of a receiver and a pairer against role `all`", median(ratios(shuffle["all"], shuffle["receiver and pairer"])), 1.35,
                "{:.2f}", " times"),
        at_most(f"CPU with {pairers} pairers", median(ratios(shuffle["1"], shuffle[pairers])), 1.1, "{:.2f}", " times"),
        at_most("CPU to open a stream", open_cpu(streams[most]), 300, "{:.0f}", " µs"),
        at_most("Memory of an idle stream", idle_kilobytes(streams[most]), 25, "{:.1f}", " kB"),
        at_most(f"Peak memory with {most} streams", median(r.peak for r in streams[most]) / 1e6, 300, "{:.0f}", " MB"),
        at_most("Memory of a waiting half", per_half(figures["waiting"]), 600, "{:.0f}", " bytes"),
    ]
    reading = median(r.megabytes_per_second for r in figures["readers"][FILTERED])
    rows.append(("`open` with a filter", "at least 500 MB per CPU second", f"{reading:.0f} MB", reading >= 500))
    return table(("Goal", "Wanted", "Measured", "Met"), [row[:3] + ("yes" if row[3] else "no",) for row in rows])


def replace(text, pattern, figure, count=1):
    """`text` with another figure in the `count` places of `pattern`, between its groups "before" and "after"."""
    text, found = re.subn(pattern, lambda match: match["before"] + figure(match) + match["after"], text, flags=re.M)
    if found != count:
        raise ValueError(f"{found} places like {pattern}, not {count}: docs/sizing.md and this program have grown apart")
    return text


def sizing(text, figures):
    """docs/sizing.md with what follows from the figures, rounded up: nobody is to get less than it says."""
    micros = math.ceil(median(r.micros for r in figures["compare"]["join and write"]))
    idle = math.ceil(idle_kilobytes(figures["streams"][most_streams(figures["streams"])]))
    half = math.ceil(per_half(figures["waiting"]) / 50) * 50 / 1000

    def cores(match):
        return f"{math.ceil(int(match['entries'].replace(',', '')) * micros / 1e4) / 100:.2f}"

    text = replace(text, r"(?P<before>takes about )[\d.]+(?P<after> µs of CPU per entry)", lambda _: f"{micros}")
    text = replace(text, r"^(?P<before>\| [\d,]+ \| (?P<entries>[\d,]+) \| )[\d.]+(?P<after> cores \|)$", cores, 3)
    text = replace(text, r"(?P<before>waiting for the other side \| [^|]*\| )[\d.]+(?P<after> kB each)", lambda _: f"{half:g}")
    text = replace(text, r"(?P<before>each idle stream )[\d.]+(?P<after> kB)", lambda _: f"{idle}")
    return replace(text, r"(?P<before>1,000 proxies take )[\d.]+(?P<after> MB\.)", lambda _: f"{2 * idle}")


def otel_version():
    lines = (pathlib.Path(__file__).parent / "otelcol" / "go.mod").read_text().splitlines()
    return next(line.split()[-1] for line in lines if "envoyalsreceiver" in line)


MESH = ("## The mesh", "<!-- until here -->")


def mesh_part(text):
    """What the page says of the mesh, with its words: other programs measure it (tests/e2e/sidecar_cost.py)."""
    begin, end = (text.find(mark) for mark in MESH)
    return text[begin:end + len(MESH[1])] if 0 <= begin < end else "\n\n".join(MESH)


TABLES = {"compare": compared, "outputs": by_outputs, "remote": by_ends, "live": by_live_readers, "taps": by_taps,
          "threads": by_threads, "shuffle": by_shuffle, "streams": by_streams, "waiting": by_waiting, "readers": by_readers, "page": by_rates}


def parts(figures):
    """The tables of what was measured, for a terminal."""
    return "\n\n".join(f"{name}\n{TABLES[name](part)}" for name, part in figures.items())


def page(figures, mesh="\n\n".join(MESH)):
    entry = figures["compare"]["floor"][0]
    large = next((f" The large one has {runs[0].recording.size / 1e9:.1f} GB."
                  for name, runs in figures["readers"].items() if name.endswith("of a large file")), "")
    return f"""# Performance

Written by `make bench` (tests/bench/README.md says how it measures). Machine: {machine()}.

All figures are of the receiver's process alone: user and system CPU time from the moment that all streams are open until
all entries are taken in and written. The load generator's time is not in it. What one table compares takes turns, and each
figure is the median of {len(figures["taps"]["1"])} or {len(figures["outputs"]["File"])} runs, with its range. No network is in it:
everything goes over the loopback, and without TLS where nothing else is said. 1 MB is a million bytes.

The load: HTTP entries of a mesh with mTLS, peer metadata and some captured headers, {entry.entry_bytes / entry.entries:.0f} bytes each on average,
20 in a message, from clients' and servers' proxies alike, each request with an id of its own. A stream begins with an
Istio sidecar's identifier of 62 kB.

## Goals

{goals(figures)}

## Against other receivers

16 streams, {entry.entries:,} entries a run. *Join and write* makes pairs and writes them as JSON to a file, *over mTLS* with certificates
of P-256 at both ends, *join alone* has a tap whose match no pair meets. *Receive and decode* has a tap whose match no entry meets, so
that they are dropped before they are joined: what the front door costs.
*OpenTelemetry Collector* is contrib's `envoyals` receiver {otel_version()} with the `file` exporter: it writes each
entry on its own, as text, and joins nothing. The *floor* is a gRPC server that parses each message with protobuf's generated
classes on an arena and drops it. Vector and Fluent Bit, which would read Envoy's own log files, are not here: no package
registry that the project builds from has them.

{compared(figures["compare"])}

{parts_of(figures["compare"])}

A record of this load has 2.7 kB of JSON. 8 % of it is there twice, at the top and in a side (pod, start, duration, code, address), for
readers that look at one of the two: to leave one out would be another version of the schema.

## Outputs

*Join and write* from above, with other outputs in place of the file. *On disk for sure* waits for the disk (`sync: true`) before a record
counts, and *from a spool* is a durable output: written to its spool, read again, and written to the file with `sync`. The backlog for
live readers is what all other figures leave off.

{by_outputs(figures["outputs"])}

A file is compressed once it is rotated, which costs CPU and saves none, since it has been written plain before. So files are plain
unless a tap asks for compression, for the sake of the disk.

To a program on the same machine, whose own CPU time is not counted: one Kafka broker, and the OpenTelemetry Collector, which gets each
record as a log record and as two spans. With 10,000 entries a second, where each entry costs more than above, as threads are woken for
less at a time.

{by_ends(figures["remote"])}

## Live readers

Readers of `GET /api/v1/pairs` that take all records, 2,500 a second, and miss none. They find the records rendered, and each costs what
it takes to send them. Their own CPU time is not counted.

{by_live_readers(figures["live"])}

The page in a real Chromium (headless, drawing without a graphics card), while the records come in. All runs on the same machine: the load, the
collector, and the browser, so that this says more about a small machine than about the page.

{by_rates(figures["page"])}

## Taps

200 streams over 100 namespaces. Where the taps share the traffic, each record is written once, however many taps there
are; where all want everything, each is written once for each tap: redacted and turned into JSON once for all of them, but copied by the
kernel into ten files. The last two lines are with a tenth of the
entries a second, so that no output's queue overflows: there each entry costs more, as threads are woken for less at a time.
What ten taps that want everything cost is mostly the kernel's: by a profile of one run, 63 % of the time is spent in it, 29 % in
writing the ten files (ext4), 13 % in putting threads to sleep and waking them.

{by_taps(figures["taps"])}

## Pairing threads

The load of the first line above, joined by `--pairing-threads` of them. What is compared is their cost: how much more they take in
depends on the cores that the machine has to spare, and is not measured here, because the load comes from the same cores. No single part
of the program makes the difference: by a profile of one run with each, four threads spend their time where one does, with the same
shares to within 3 points. Only waiting for each other (futex) takes more: 3.5 % instead of 1.2 %.

{by_threads(figures["threads"])}

## Receivers and pairers

16 streams, and one broker of Apache Kafka on the same machine, with 16 partitions ([Scale out](scale-out.md)). First what the roles take for
the load of the first table, at 50,000 entries a second, written to a file:

{by_roles(figures["shuffle"])}

What two processes do besides: an entry is masked, encoded, compressed, sent, received, decompressed and decoded once more, and each of them
wakes threads of its own. In a profile (`perf`, 240,000 entries), 13 % of the receiver's CPU and 15 % of the pairer's were in Kafka's client
library, most of it compression; 15 % and 19 % were the checksum of blocks, which has been made six times as fast since; 23 % and 15 % were the
kernel's, for sockets and wake-ups; 10 % of the pairer's were its table of requests that are done. The rest is what `all` does as well.

Then pairers alone, each a process of its own, who find twice as many entries in Kafka and read them as fast as they can. As with threads,
what is compared is their cost. Many processes and two cores make the figures uneven: where ranges overlap, nothing was proven to differ.

{by_pairers(figures["shuffle"])}

## Streams

One connection each, as proxies have. Opening one takes and reads its identifier, and over mTLS both ends show certificates of P-256.
The goals are for streams without TLS. What one takes more over mTLS is the handshake, and what OpenSSL holds of a connection.

{by_streams(figures["streams"])}

## Waiting halves

Entries of one side alone, which wait for the other side. The second figure is what `--waiting-size` bounds.

{by_waiting(figures["waiting"])}

One more waiting half takes {per_half(figures["waiting"]):.0f} bytes of resident memory.

## Recorded files

What reading a file of records costs; a quarter of them is answered with 503. The others read a smaller one, and would take as long for each
of its bytes. Of a packed file the bytes are those that it unpacks to.{large}

{by_readers(figures["readers"])}

{mesh}
"""
