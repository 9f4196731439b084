"""What a report of a usual size may take: bytes, requests, seconds. `bars.json` has the last count.

Seconds are of the machine that counted them, while other work ran beside it.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics.bootstrap import bca, bootstrap, jackknife
from benchmark.evaluation.statistics.weighted_predictions import WeightedPredictions
from tests.report.fabricate import CLASSES, STRATEGIES, fabricate

pytestmark = pytest.mark.simulation
RESULT = Path(__file__).with_name("bars.json")
SEEDS = (0, 1, 2, 3, 4)
BUILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tests.report.fabricate import fabricate
from benchmark.report import write_report
made = fabricate(folder=Path("run"), strategies=tuple(sys.argv[3].split()), seeds=(0, 1, 2, 3, 4))
began = time.perf_counter()
write_report(made, Path(sys.argv[2]))
print(time.perf_counter() - began)
"""
# what a browser fetches by itself; links to files beside the page are followed by readers only
FETCHED = r"""<(?:script|link|iframe|img|object|embed|source|video|audio)\b|@import|url\((?!#)"""


def keep(name, numbers):
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    kept[name] = numbers
    RESULT.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")


def test_a_report_of_six_strategies_seventeen_classes_five_seeds(tmp_path):
    assert (len(STRATEGIES[:6]), len(CLASSES), len(SEEDS)) == (6, 17, 5)
    here, seconds, pages = str(Path(__file__).parent), [], []
    for salt in ("1", "2"):  # another order of sets and dicts, in another process
        out = tmp_path / salt
        made = subprocess.run(
            [sys.executable, "-c", BUILD, here, str(out), " ".join(STRATEGIES[:6])],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(float(made.stdout.split()[-1]))
        pages.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    html = pages[0][Path("report.html")]
    found = {
        "bytes of report.html": len(html),
        "requests": len(re.findall(FETCHED, html.decode(), re.IGNORECASE)),
        "files that differ when rebuilt": sum(pages[0][k] != pages[1].get(k) for k in pages[0]),
        "seconds to build": round(max(seconds), 1),
    }
    keep("6 strategies, 17 classes, 5 seeds", found)
    assert pages[0].keys() == pages[1].keys()
    assert found["bytes of report.html"] <= 2e6
    assert found["requests"] == found["files that differ when rebuilt"] == 0
    assert found["seconds to build"] <= 10


def test_ten_thousand_redrawn_test_sets_of_six_strategies():
    made = fabricate(strategies=STRATEGIES[:6], images=48_600)
    (one,) = made.seed_predictions
    began = time.perf_counter()
    cells = WeightedPredictions.count(
        one.labels, np.array(list(one.predicted.values())), len(CLASSES)
    )
    drawn = bootstrap(cells, np.random.default_rng(0), draws=10_000)
    bca(cells, cells.estimates, drawn, jackknife(cells))
    seconds = time.perf_counter() - began
    assert drawn.shape == (len(interval_metrics()), 6, 10_000)
    keep(
        "10,000 bootstrap draws, 17 classes, 6 strategies",
        {"test images": len(one.labels), "seconds": round(seconds, 1)},
    )
    assert seconds <= 5
