# SPDX-License-Identifier: Apache-2.0
"""The web page in a real Chromium while records come in: how many frames it draws."""
import dataclasses
import json
import os
import subprocess
import threading

from contestants import LIVE
from processes import HERE, Load, Measured, started

ROOT = HERE.parent.parent
FRAMES_PER_SECOND = 60  # what a headless Chromium draws of a page that has something to draw


@dataclasses.dataclass
class Frames:
    """`records`: a second, sent and written meanwhile. `longest`: between two frames, in seconds."""
    seconds: float
    frames: int
    longest: float
    records: float

    @property
    def dropped(self):
        return max(0, 1 - self.frames / self.seconds / FRAMES_PER_SECOND)


def modules():
    """Where the programs of the page's tests are, with what drives the browser."""
    found = subprocess.run([ROOT / "src/web/ui/build.sh", "--modules"], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip()


def frames(bench, records, seconds):
    """The page, as it comes up, while `records` a second come in; 0: only as many as it needs to show a list."""
    folder = bench.folder()
    with started(bench.traffictap(options=LIVE)(folder)) as receiver:
        rate = max(2 * records, 200)
        # Before the page is measured, and while it is.
        requests = rate // 2 * (seconds + 6) if records else 400
        with started(Load(bench.build / "tests/bench/bench_load", receiver.address, folder / "load.log", streams=16,
                          requests=requests, rate=rate)) as load:
            load.open()
            sending = threading.Thread(target=load.send, daemon=True)
            sending.start()
            page = Measured(["node", HERE / "page.mjs", receiver.page_address(), seconds], folder / "page.log",
                            stdout=subprocess.PIPE, env={**os.environ, "UI_MODULES": modules()})
            with started(page):
                line = page.process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the page was not measured: {(folder / 'page.log').read_text()}")
                told = json.loads(line)
                written = receiver.metrics()["traffictap_pairs_total"]
                page.process.wait(60)
            sending.join(120)
        if records and written < records * seconds / 2:
            raise RuntimeError(f"{written:.0f} records came while the page was measured for {seconds} s at {records} a second")
    return Frames(records=records, **told)


def by_rates(bench, seconds, rates):
    out = {}
    for rate in rates:
        name = f"{rate:,}"
        out[name] = [frames(bench, rate, seconds)]
        print(f"  {name}: {out[name][0].frames / out[name][0].seconds:.0f} frames a second", flush=True)
    return out


