"""A report is written of any run: absent classes, failures, odd names, one of everything."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmark
from benchmark.execution.record_schema import FailedRecord, Record
from tests.report.fabricate import STRATEGIES, FabricatedRun, fabricate_run
from tests.report.reader import HOSTILE, Reader

DEFINED = {"macro_f1", "accuracy", "never_predicted"}  # of whatever predictions
RESULTS = Path(__file__).with_name("any_run.json")


def any_run(number: int) -> FabricatedRun:
    """Return a run whose size, names, failures and test images are drawn at random."""
    rng = np.random.default_rng(number)
    size = int(rng.choice([2, 3, 5, 9, 17, 40, 1000], p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.08, 0.02]))
    names = [f"class {c}" for c in range(size)]
    for c in rng.choice(size, min(size, int(rng.integers(4))), replace=False):
        names[c] = f"{HOSTILE[rng.integers(len(HOSTILE))]} {c}"
    strategies = [*STRATEGIES[: rng.integers(1, len(STRATEGIES) + 1)]]
    if rng.random() < 0.3:
        strategies[-1] = f"{HOSTILE[rng.integers(len(HOSTILE))]}:x=1"
    seeds = tuple(range(rng.integers(1, 4)))
    present = rng.choice(size, rng.integers(1, size + 1), replace=False)  # one class at least
    images = {name: 0 for c, name in enumerate(names) if c not in present}
    images |= {names[c]: int(rng.choice([1, 2, 5, 40])) for c in present}
    fails = rng.choice([0, 0.3, 1], p=[0.5, 0.4, 0.1])
    run = fabricate_run(
        classes=names,
        strategies=strategies,
        seeds=seeds,
        failed=[(name, seed) for name in strategies for seed in seeds if rng.random() < fails],
        baseline=str(rng.choice(["no_change", strategies[-1], ""])) or None,
        quick=bool(rng.random() < 0.2),
        messages=tuple(HOSTILE[: rng.integers(3)]),
        images=int(rng.choice([20, 500, 5096])),
        failed_audit=[name for name in strategies if rng.random() < 0.2],
        shared={strategies[-1]: strategies[0]} if rng.random() < 0.3 else None,
        groups=int(rng.integers(1, 5)) if rng.random() < 0.3 else None,
        test_images=images if rng.random() < 0.8 else None,
    )
    extremes = np.random.default_rng(number)  # of its own: the runs of before stay what they were
    return run._replace(records=[with_extremes(record, extremes) for record in run.records])


def with_extremes(record: Record | FailedRecord, rng: np.random.Generator) -> Record | FailedRecord:
    """Return a record whose gradients, logits and losses may be 0, overflow, or be undefined."""
    if isinstance(record, FailedRecord) or rng.random() < 0.5:
        return record
    value = [0.0, 1e-300, 1e300, None][rng.integers(4)]
    constant = (value,) * len(record.audit.drawn)
    names = ["gradient", "cross_entropy_gradient", "mean_logit"]
    changed = dict.fromkeys(rng.choice(names, rng.integers(4), replace=False).tolist(), constant)
    losses = {"train_loss": value, "val_loss": value, "val_loss_by_class": constant}
    curve = tuple(replace(point, **losses) for point in record.curve)
    undefined = [name for name in record.metrics["test"] if name not in DEFINED]
    few = rng.choice(undefined, 3, replace=False).tolist()
    test = {**record.metrics["test"], **dict.fromkeys(few)}
    return replace(
        record,
        audit=replace(record.audit, **changed),
        curve=curve if rng.random() < 0.5 else record.curve,
        metrics={**record.metrics, "test": test},
    )


def write_all(number: int, folder: Path) -> None:
    """Load a run and compare it with another, from their files, and read the pages."""
    for name, run in ("run", any_run(number)), ("other", any_run(number + 1)):
        run.write(folder / name)
    result = benchmark.load(folder / "run")
    both = benchmark.compare_runs([folder / "run", folder / "other"], out=folder / "both")
    for reports in (result.reports, both.reports):
        Reader(reports["html"].read_text(encoding="utf-8"))
        assert reports["markdown"].stat().st_size > 0
    Reader(result._repr_html_())
    assert "\x00" not in repr(result)
    assert "\x00" not in repr(both)


@pytest.mark.parametrize("number", range(3))
def test_a_report_is_written_of_any_run(number, tmp_path):
    write_all(number, tmp_path / "run")


@pytest.mark.simulation
def test_reports_are_written_of_500_runs(tmp_path):
    errors = Counter()
    for number in range(500):
        folder = tmp_path / str(number)
        try:
            write_all(number, folder)
        except Exception as error:
            errors[f"{number}: {type(error).__name__}: {error}"[:160]] += 1
        shutil.rmtree(folder)
    RESULTS.write_text(json.dumps({"runs": 500, "errors": errors}, indent=1) + "\n")
    assert not errors
