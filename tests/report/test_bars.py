"""Limits of a report of a usual size: bytes, requests, seconds. bars.json has the last numbers.

Seconds were measured while other work ran on the same machine.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.analysis.confidence import intervals
from benchmark.evaluation.metrics.registry import interval_metrics
from tests.report.fabricate import CLASSES, STRATEGIES, fabricate

pytestmark = pytest.mark.simulation
RESULTS = Path(__file__).with_name("bars.json")
SEEDS = (0, 1, 2, 3, 4)
BUILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tests.report.fabricate import fabricate
from benchmark.report import write_report
names = tuple(sys.argv[3].split())
comparison = fabricate(folder=Path("run"), strategies=names, seeds=(0, 1, 2, 3, 4))
start = time.perf_counter()
write_report(comparison, Path(sys.argv[2]))
print(time.perf_counter() - start)
"""
# what a browser fetches by itself; only readers follow links to files beside the page
FETCHED = r"""<(?:script|link|iframe|img|object|embed|source|video|audio)\b|@import|url\((?!#)"""


def store(name, numbers):
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = numbers
    RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")


def test_a_report_of_six_strategies_seventeen_classes_five_seeds(tmp_path):
    assert (len(STRATEGIES[:6]), len(CLASSES), len(SEEDS)) == (6, 17, 5)
    root, seconds, pages = str(Path(__file__).parents[2]), [], []
    for salt in ("1", "2"):  # another order of sets and dicts, in another process
        out = tmp_path / salt
        built = subprocess.run(
            [sys.executable, "-c", BUILD, root, str(out), " ".join(STRATEGIES[:6])],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(float(built.stdout.split()[-1]))
        pages.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    html = pages[0][Path("report.html")]
    numbers = {
        "bytes of report.html": len(html),
        "requests": len(re.findall(FETCHED, html.decode(), re.IGNORECASE)),
        "files that differ when rebuilt": sum(pages[0][k] != pages[1].get(k) for k in pages[0]),
        "seconds to build": round(max(seconds), 1),
    }
    store("6 strategies, 17 classes, 5 seeds", numbers)
    assert pages[0].keys() == pages[1].keys()
    assert numbers["bytes of report.html"] <= 2e6
    assert numbers["requests"] == numbers["files that differ when rebuilt"] == 0
    assert numbers["seconds to build"] <= 10


def test_intervals_of_six_strategies():
    comparison = fabricate(strategies=STRATEGIES[:6], images=48_600)
    (seed,) = comparison.seed_predictions
    start = time.perf_counter()
    table = intervals([seed])
    seconds = time.perf_counter() - start
    assert len(table) == 6 * len(interval_metrics())
    numbers = {"test images": len(seed.labels), "seconds": round(seconds, 2)}
    store("intervals of 6 strategies, 17 classes", numbers)
    assert seconds <= 1
