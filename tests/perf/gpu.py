"""Everything that wants a GPU machine, in one call of at most ten minutes a part.

    python tests/perf/gpu.py OUT --parts bare,step,growth --weights FILE

Parts: bench   plain, tuned and harness on about 4,000 JPEGs of wheels, 299 px
       forum   48,600 wheels at 299 px, six strategies; rendered first, uncounted
       bare    the harness' training of a segment against a bare loop
       step    eager, CUDA graph and torch.compile, warm-up counted
       growth  cost per image from 1,000 to 48,000 images
       tests   what only a GPU can show, tests/train/test_gpu.py; needs pytest

Needs no network. What is missing in the environment, like imbalanced-learn, may lie as a wheel on
PYTHONPATH. OUT gets a page for each part and the raw JSON lines; a part that was stopped goes on
where it was when the call is repeated with the same OUT. `--small --device cpu` tries all of it
where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for; a part that fails does not keep the others from running."""
    flags = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("out", type=Path)
    flags.add_argument("--parts", default=",".join(PARTS), help="default: all")
    flags.add_argument("--weights", default="bundled")
    flags.add_argument("--device", default="cuda")
    flags.add_argument("--rounds", default="3", help="of the bench")
    flags.add_argument("--small", action="store_true", help="tiny sizes, to try it out")
    flags.add_argument("--seconds", type=int, default=580, help="in all; what is over is stopped")
    asked = flags.parse_args(arguments)
    unknown = set(asked.parts.split(",")) - set(PARTS)
    if unknown:
        flags.error(f"unknown parts {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    asked.out.mkdir(parents=True, exist_ok=True)
    asked.out, asked.end = asked.out.resolve(), time.monotonic() + asked.seconds
    failed = 0
    for name in asked.parts.split(","):
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        try:
            PARTS[name](asked)
        except (subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"{name} failed: {error}", flush=True)
        print(f"== {name}: {time.monotonic() - begun:.0f} s", flush=True)
    # inputs and scratch stay here: only what was found travels
    return 1 if failed else 0


def bench(asked: argparse.Namespace) -> None:
    """Plain, tuned, harness on JPEGs."""
    images, size = ("120", "75") if asked.small else ("4096", "299")
    strategies = ("--strategies", "no_change,focal_loss") if asked.small else ()
    folder = scratch(asked, "bench")
    harness(
        asked,
        *("bench", "--data", f"wheels:images={images}", "--image-size", size, *strategies),
        *("--rounds", asked.rounds, "--scripts", "1", "--loops", HERE),
        *("--weights", asked.weights, "--device", asked.device, "--out", folder),
    )
    for name in ("performance.md", "measured.jsonl"):
        shutil.copy(folder / name, asked.out / f"bench-{name}")


def forum(asked: argparse.Namespace) -> None:
    """The forum's case; the pixel store is filled by `plan`, which renders and trains nothing."""
    images, size = ("150", "75") if asked.small else ("48600", "299")
    folder = scratch(asked, "forum")
    cache = {"IMBALANCE_BENCH_CACHE": str(folder / "cache")}
    what = [
        *("--data", f"wheels:images={images}", "--image-size", size, "--weights", asked.weights),
        *("--device", asked.device, "--out", str(folder / "run"), "--strategies", "all"),
    ]
    begun = time.perf_counter()
    harness(asked, "plan", *what, environment=cache)
    rendered = time.perf_counter()
    harness(asked, "run", *what, environment=cache)
    took = time.perf_counter() - rendered
    cost = folder / "run" / "cost.json"
    found = {
        "images": int(images),
        "image_size": int(size),
        "rendering": round(rendered - begun, 1),
        "run": round(took, 1),
        "cost": json.loads(cost.read_text()) if cost.exists() else {},
    }
    (asked.out / "forum.json").write_text(json.dumps(found) + "\n")
    for name in ("summary.csv", "run.json", "report.md"):
        shutil.copy(folder / "run" / name, asked.out / f"forum-{name}")
    phases = "".join(
        f"| {name} | {seconds:.1f} |\n"
        for name, seconds in found["cost"].get("seconds", {}).items()
    )
    (asked.out / "forum.md").write_text(
        f"# {int(images):,} wheels, {size} px, six strategies\n\n"
        "Rendering and its pixel store were made by a process before, in "
        f"{found['rendering']} s, and are not counted. The run, from its start to its end: "
        f"**{found['run']} s** (bar: 300 s).\n\n"
        f"| phase | seconds |\n| :-- | --: |\n{phases}"
    )
    shutil.rmtree(folder)


def bare(asked: argparse.Namespace) -> None:
    """Share of a bare loop, without the other contestants."""
    images, size = ("120", "75") if asked.small else ("2048", "299")
    folder = scratch(asked, "bare")
    shutil.rmtree(folder)
    code = (
        "import sys; from pathlib import Path; from tests.perf.inputs import *; "
        f"settings = Settings('wheels:images={images}', sys.argv[1], {size}, ('no_change',), (0,), "
        "sys.argv[2], 'auto'); print(prepare_inputs(settings, Path(sys.argv[3])).images)"
    )
    call(asked, "-c", code, asked.weights, asked.device, folder)
    told = call(
        asked,
        *(HERE / "bare.py", folder / "images", folder / "weights.safetensors"),
        *("--image-size", size, "--device", asked.device),
        *(("--batch-size", "8", "--steps", "2") if asked.small else ()),
        environment={"IMBALANCE_BENCH_CACHE": str(folder / "cache")},
    )
    (asked.out / "bare.json").write_text(last_line(told))
    shutil.rmtree(folder)


def step(asked: argparse.Namespace) -> None:
    """Ways to run a step."""
    small = ("--image-size", "75", "--batch-size", "4", "--steps", "2", "--ways", "eager;one graph")
    told = call(asked, HERE / "step.py", "--device", asked.device, *(small if asked.small else ()))
    (asked.out / "step.json").write_text(last_line(told))


def growth(asked: argparse.Namespace) -> None:
    """Cost per image."""
    sizes, size = ("100,200", "75") if asked.small else ("1000,4000,16000,48000", "299")
    folder = scratch(asked, "growth")
    harness(
        asked,
        *("bench", "--growth", sizes, "--image-size", size, "--weights", asked.weights),
        *("--device", asked.device, "--out", folder),
    )
    for name in ("growth.md", "growth.jsonl"):
        shutil.copy(folder / name, asked.out / name)


def tests(asked: argparse.Namespace) -> None:
    """No waiting in a step, residency, float32, memory that runs out."""
    log = asked.out / "tests.txt"
    call(asked, "-m", "pytest", "-rs", ROOT / "tests" / "train" / "test_gpu.py", log=log)


PARTS = {
    **{"tests": tests, "bare": bare, "step": step},
    **{"forum": forum, "bench": bench, "growth": growth},
}


def harness(
    asked: argparse.Namespace, *words: str | Path, environment: dict[str, str] | None = None
) -> str:
    """Run `python -m benchmark`."""
    return call(asked, "-m", "benchmark", *words, environment=environment)


def call(
    asked: argparse.Namespace,
    *words: str | Path,
    environment: dict[str, str] | None = None,
    log: Path | None = None,
) -> str:
    """Run Python until the time is over; show, keep and return what it prints.

    What is over time ends with all processes that it started: one left behind would use the GPU
    while the next part is timed.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    left = asked.end - time.monotonic()
    command = [sys.executable, *map(str, words)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    late = False
    try:
        told, _ = process.communicate(timeout=max(1.0, left))
    except subprocess.TimeoutExpired:
        late = True
        os.killpg(process.pid, signal.SIGKILL)
        told, _ = process.communicate()
    print(told, flush=True)
    if log:
        log.write_text(told)
    if late or process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return told


def last_line(told: str) -> str:
    """Return the JSON that a script prints last."""
    line = told.strip().rpartition("\n")[2]
    return json.dumps(json.loads(line), indent=1) + "\n"


def scratch(asked: argparse.Namespace, name: str) -> Path:
    """Return a folder beside OUT for what is large and does not travel; kept between calls."""
    folder = asked.out.with_name(f"{asked.out.name}-scratch") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
