"""What a run was made with: versions, hardware, git commit, time."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import benchmark
from benchmark.system.device import Device, cores


def environment(device: Device) -> dict[str, str | int | None]:
    """Return versions, hardware and date, for the manifest of a run."""
    total = os.cpu_count()
    return {
        "benchmark": benchmark.__version__,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "torch": device.torch_version,
        **{
            name: version(name)
            for name in ("torchvision", "scikit-learn", "imbalanced-learn", "numpy", "pandas")
        },
        "platform": f"{platform.system()} {platform.machine()}",
        "device": (
            f"{device.hardware}, {cores()} threads of {total} cores"
            if device.type == "cpu"
            else device.hardware
        ),
        "cores": total,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def git_commit() -> str | None:
    """Return the commit of the present checkout, with `+` if files differ from it."""
    root = Path(benchmark.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    try:
        described = subprocess.run(
            ["git", "-C", root, "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip()
