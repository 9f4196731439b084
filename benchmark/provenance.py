"""What a run was made with: versions, hardware, git commit, time."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch

import benchmark
from benchmark.train.device import describe_device


def environment(device: torch.device) -> dict[str, str | int | None]:
    """Return it for the record."""
    return {
        "benchmark": benchmark.__version__,
        "git_commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{
            name: version(name)
            for name in ("torchvision", "scikit-learn", "imbalanced-learn", "numpy", "pandas")
        },
        "platform": f"{platform.system()} {platform.machine()}",
        "device": describe_device(device),
        "cores": os.cpu_count(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _commit() -> str | None:
    """Return the commit of the checkout that runs, with `+` if files differ from it."""
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
