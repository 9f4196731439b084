"""What a run was made with: versions, hardware, git commit, time."""

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import benchmark
from benchmark.system.device import Device, cores
from benchmark.system.text import pluralize


def environment(device: Device) -> dict[str, str | int | None]:
    """Return versions, hardware and date, for the manifest of a run."""
    total = os.cpu_count()
    used = pluralize(cores(), "thread", "threads")
    of_all = pluralize(total or cores(), "core", "cores")
    threads = f", {used} of {of_all}" if device.type == "cpu" else ""
    libraries = ("torchvision", "scikit-learn", "imbalanced-learn", "numpy", "pandas")
    return {
        "benchmark": benchmark.__version__,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "torch": device.torch_version,
        **{library: version(library) for library in libraries},
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device.hardware + threads,
        "cores": total,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def git_commit() -> str | None:
    """Return the commit of the present checkout, with `+` if files differ from it."""
    root = Path(benchmark.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        run = subprocess.run(  # noqa: S603 -- a fixed command
            command, capture_output=True, text=True, timeout=5, check=True
        )
        return run.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
