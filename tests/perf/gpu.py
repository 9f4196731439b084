"""All measurements and tests that need a GPU machine, in one call.

    python tests/perf/gpu.py OUT --parts bare,step,growth --weights FILE

Parts: bench   plain, tuned and harness on about 4,000 JPEGs of wheels, 299 px
       forum   48,600 wheels at 299 px, six strategies; rendered first, uncounted
       bare    the harness' training of a segment against a bare loop
       step    eager, CUDA graph and torch.compile, warm-up counted
       growth  cost per image from 1,000 to 48,000 images
       tests   the tests that need a GPU, `python -m pytest -m gpu`; needs pytest

It needs no network. A package that the environment lacks, like imbalanced-learn, may be a wheel on
PYTHONPATH. OUT gets a page for each part and the raw JSON lines. When the call is repeated with the
same OUT, a part that was stopped continues where it was. `--small --device cpu` tries all parts
without a GPU.
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
    """Run the chosen parts, also if one of them fails; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", default=",".join(PARTS), help="default: all")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", default="3", help="of the bench")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to try it out")
    parser.add_argument(
        "--seconds", type=int, default=580, help="in all; what takes longer is stopped"
    )
    options = parser.parse_args(arguments)
    unknown = set(options.parts.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"unknown parts {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    options.out.mkdir(parents=True, exist_ok=True)
    options.out, options.end = options.out.resolve(), time.monotonic() + options.seconds
    failed = 0
    for name in options.parts.split(","):
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        try:
            PARTS[name](options)
        except (subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"{name} failed: {error}", flush=True)
        print(f"== {name}: {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if failed else 0


def bench(options: argparse.Namespace) -> None:
    """Plain, tuned, harness on JPEGs."""
    images, size = ("120", "75") if options.small else ("4096", "299")
    strategies = ("--strategies", "no_change,focal_loss") if options.small else ()
    folder = scratch(options, "bench")
    call(
        options,
        *("-m", "tests.perf"),
        *("--data", f"wheels:images={images}", "--image-size", size, *strategies),
        *("--rounds", options.rounds, "--scripts", "1", "--loops", HERE),
        *("--weights", options.weights, "--device", options.device, "--out", folder),
    )
    for name in ("performance.md", "measured.jsonl"):
        shutil.copy(folder / name, options.out / f"bench-{name}")


def forum(options: argparse.Namespace) -> None:
    """The case of the forum; `plan` renders the images before, which fills the pixel store."""
    images, size = ("150", "75") if options.small else ("48600", "299")
    folder = scratch(options, "forum")
    cache = {"IMBALANCE_BENCH_CACHE": str(folder / "cache")}
    flags = [
        *("--data", f"wheels:images={images}", "--image-size", size, "--weights", options.weights),
        *("--device", options.device, "--out", str(folder / "run"), "--strategies", "all"),
    ]
    begun = time.perf_counter()
    harness(options, "plan", *flags, environment=cache)
    rendered = time.perf_counter()
    harness(options, "run", *flags, environment=cache)
    took = time.perf_counter() - rendered
    cost = folder / "run" / "cost.json"
    result = {
        "images": int(images),
        "image_size": int(size),
        "rendering": round(rendered - begun, 1),
        "run": round(took, 1),
        "cost": json.loads(cost.read_text()) if cost.exists() else {},
    }
    (options.out / "forum.json").write_text(json.dumps(result) + "\n")
    for name in ("summary.csv", "run.json", "report.md"):
        shutil.copy(folder / "run" / name, options.out / f"forum-{name}")
    phases = "".join(
        f"| {name} | {seconds:.1f} |\n"
        for name, seconds in result["cost"].get("seconds", {}).items()
    )
    (options.out / "forum.md").write_text(
        f"# {int(images):,} wheels, {size} px, six strategies\n\n"
        "The images were rendered and stored by a process before, in "
        f"{result['rendering']} s, which is not counted. The run, from its start to its end: "
        f"**{result['run']} s** (bar: 300 s).\n\n"
        f"| phase | seconds |\n| :-- | --: |\n{phases}"
    )
    shutil.rmtree(folder)


def bare(options: argparse.Namespace) -> None:
    """Throughput as a share of a bare loop's."""
    images, size = ("120", "75") if options.small else ("2048", "299")
    folder = scratch(options, "bare")
    shutil.rmtree(folder)
    code = (
        "import sys; from pathlib import Path; from tests.perf.inputs import *; "
        f"config = BenchConfig('wheels:images={images}', sys.argv[1], {size}, ('no_change',), "
        "(0,), sys.argv[2], 'auto'); print(prepare_inputs(config, Path(sys.argv[3])).images)"
    )
    call(options, "-c", code, options.weights, options.device, folder)
    output = call(
        options,
        *(HERE / "bare.py", folder / "images", folder / "weights.safetensors"),
        *("--image-size", size, "--device", options.device),
        *(("--batch-size", "8", "--steps", "2") if options.small else ()),
        environment={"IMBALANCE_BENCH_CACHE": str(folder / "cache")},
    )
    (options.out / "bare.json").write_text(last_line(output))
    shutil.rmtree(folder)


def step(options: argparse.Namespace) -> None:
    """Ways to run a step."""
    small = ("--image-size", "75", "--batch-size", "4", "--steps", "2", "--ways", "eager;one graph")
    output = call(
        options, HERE / "step.py", "--device", options.device, *(small if options.small else ())
    )
    (options.out / "step.json").write_text(last_line(output))


def growth(options: argparse.Namespace) -> None:
    """Cost per image."""
    sizes, size = ("100,200", "75") if options.small else ("1000,4000,16000,48000", "299")
    folder = scratch(options, "growth")
    call(
        options,
        *("-m", "tests.perf"),
        *("--growth", sizes, "--image-size", size, "--weights", options.weights),
        *("--device", options.device, "--out", folder),
    )
    for name in ("growth.md", "growth.jsonl"):
        shutil.copy(folder / name, options.out / name)


def tests(options: argparse.Namespace) -> None:
    """Tests marked `gpu`: no synchronisation in a step, residency, float32, out of memory."""
    log = options.out / "tests.txt"
    call(options, "-m", "pytest", "-rs", "-n", "0", "-m", "gpu", ROOT / "tests", log=log)


PARTS = {
    **{"tests": tests, "bare": bare, "step": step},
    **{"forum": forum, "bench": bench, "growth": growth},
}


def harness(
    options: argparse.Namespace, *words: str | Path, environment: dict[str, str] | None = None
) -> str:
    """Run `python -m benchmark`."""
    return call(options, "-m", "benchmark", *words, environment=environment)


def call(
    options: argparse.Namespace,
    *words: str | Path,
    environment: dict[str, str] | None = None,
    log: Path | None = None,
) -> str:
    """Run Python until the time is over; print, log and return its output.

    A command that takes too long is killed with all processes that it started: one left behind
    would use the GPU while the next part is timed.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    left = options.end - time.monotonic()
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
        output, _ = process.communicate(timeout=max(1.0, left))
    except subprocess.TimeoutExpired:
        late = True
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    print(output, flush=True)
    if log:
        log.write_text(output)
    if late or process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return output


def last_line(output: str) -> str:
    """Return the JSON that a script prints last."""
    line = output.strip().rpartition("\n")[2]
    return json.dumps(json.loads(line), indent=1) + "\n"


def scratch(options: argparse.Namespace, name: str) -> Path:
    """Return a folder beside OUT for large files, which stay between calls."""
    folder = options.out.with_name(f"{options.out.name}-scratch") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
