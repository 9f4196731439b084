"""Runs a bench: measures what its journal lacks."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmark.storage.typed_json import read_object
from tests.perf.inputs import BenchConfig, Inputs, own_cache, prepare_inputs
from tests.perf.journal import Journal, Row
from tests.perf.page import write_page
from tests.perf.schedule import Job, jobs_of
from tests.perf.timed import Timed, run_timed

JOURNAL = "measured.jsonl"
SCRIPTS = {"plain": "plain.py", "tuned": "tuned.py", "bare": "bare.py"}
COST = "cost.json"  # seconds by phase, which a run writes


def bench(
    config: BenchConfig,
    *,
    rounds: int,
    scripts: int | None,
    loops: Path,
    out: Path,
    say: Callable[[str], None] = print,
) -> Path:
    """Measure what the journal lacks and write the page; return its path.

    Parameters
    ----------
    config
        The comparison that is timed.
    rounds
        Times that everything is run.
    scripts
        Reference scripts of either kind that run in a round; None: one for every strategy.
    loops
        Folder of the reference scripts.
    out
        Where inputs, measurements and the page go.
    say
        Called with a line of progress.

    Raises
    ------
    FileNotFoundError
        If the scripts are not there.
    ChildProcessError
        If one of the processes fails; what was measured before is kept.
    """
    missing = [name for name in SCRIPTS.values() if not (loops / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{loops} has no {', '.join(missing)}. The reference loops are not in the installed "
            "package: run this in a checkout of the project, or give --loops DIR"
        )
    for name, number in (("rounds", rounds), ("scripts", scripts or 1)):
        if number < 1:
            raise ValueError(f"--{name} must be 1 or more, got {number}")
    say("preparing files, splits, weights and decoded images, outside of the time that counts")
    inputs = prepare_inputs(config, out / "inputs")
    for file in Path(inputs.images).glob("*/*"):
        file.read_bytes()  # so that no contestant is the first to read them from the disk
    count = min(scripts or len(config.strategies), len(config.strategies))
    jobs = jobs_of(config.strategies, config.seeds, rounds, count)
    return execute(jobs, config, inputs, loops=loops, out=out, say=say)


def execute(
    jobs: Iterable[Job],
    config: BenchConfig,
    inputs: Inputs,
    *,
    loops: Path,
    out: Path,
    say: Callable[[str], None] = print,
) -> Path:
    """Run and time the jobs that the journal of `out` lacks; write the page, return its path.

    Raises
    ------
    ChildProcessError
        If one of the processes fails; what was measured before is kept.
    """
    journal = Journal(out / JOURNAL)
    for job in jobs:
        if job.is_in(journal.rows()):
            continue
        say(f"{job} ...")
        row = _measure(job, config, inputs, loops, out)
        journal.add(row)
        write_page(out, inputs.about, config, journal.rows())
        say(f"{job}: {row['seconds']:.1f} s")
    return write_page(out, inputs.about, config, journal.rows())


def _measure(job: Job, config: BenchConfig, inputs: Inputs, loops: Path, out: Path) -> Row:
    from benchmark.system.provenance import git_commit

    measure = {"harness": _harness, "bare": _bare}.get(job.kind, _script)
    with own_cache(out / "cache"):
        timed, result = measure(job, config, inputs, loops, out)
    return {
        "kind": job.kind,
        "round": job.round,
        "strategies": list(job.strategies),
        "seeds": list(job.seeds),
        **timed.measured(),
        "commit": git_commit(),
        "result": result,
    }


def _script(
    job: Job, config: BenchConfig, inputs: Inputs, loops: Path, out: Path
) -> tuple[Timed, Any]:
    seed = job.seeds[0]
    command: list[str | Path] = [
        *(sys.executable, loops / SCRIPTS[job.kind]),
        *(inputs.images, inputs.split(seed), inputs.weights),
        *("--strategy", job.strategies[0], "--seed", str(seed)),
        *("--image-size", str(config.image_size)),
        *("--batch-size", str(inputs.about["batch_size"][str(seed)])),
        *("--device", inputs.about["device"]),
    ]
    if job.kind == "tuned":
        command += ["--decoded", inputs.decoded, "--precision", inputs.about["precision"]]
    timed = _run(command, job, inputs, out)
    result = timed.result()
    if result["steps"] != inputs.about["steps"][str(seed)]:
        raise ValueError(
            f"{job} took {result['steps']} steps, the harness takes "
            f"{inputs.about['steps'][str(seed)]}: they can't be compared"
        )
    return timed, result


def _harness(
    job: Job,
    config: BenchConfig,
    inputs: Inputs,
    loops: Path,
    out: Path,
) -> tuple[Timed, Any]:
    folder = out / "run"
    shutil.rmtree(folder, ignore_errors=True)
    command: list[str | Path] = [
        *(sys.executable, "-m", "benchmark", "run"),
        *("--strategies", ",".join(job.strategies), "--seed-list", ",".join(map(str, job.seeds))),
        *("--data", inputs.images, "--weights", inputs.weights),
        *("--image-size", str(config.image_size)),
        *("--device", config.device, "--precision", config.precision),
        *("--out", folder),
    ]
    timed = _run(command, job, inputs, out)
    records = [read_object(path) for path in sorted((folder / "records").glob("*.json"))]
    cost = read_object(folder / COST) if (folder / COST).exists() else {}
    result = {
        "cost": cost,
        "macro_f1": {
            f"{record['strategy']} {record['seed']}": record["metrics"]["test"]["macro_f1"]
            for record in records
        },
    }
    shutil.rmtree(folder)
    return timed, result


def _bare(
    job: Job, config: BenchConfig, inputs: Inputs, loops: Path, out: Path
) -> tuple[Timed, Any]:
    command: list[str | Path] = [
        *(sys.executable, loops / SCRIPTS["bare"], inputs.images, inputs.weights),
        *("--image-size", str(config.image_size)),
        *("--batch-size", str(inputs.about["batch_size"][str(job.seeds[0])])),
        *("--device", config.device, "--precision", config.precision),
    ]
    timed = _run(command, job, inputs, out)
    return timed, timed.result()


def _run(command: list[str | Path], job: Job, inputs: Inputs, out: Path) -> Timed:
    return run_timed(command, out / "logs" / str(job), gpu=inputs.about["device"] == "cuda")
