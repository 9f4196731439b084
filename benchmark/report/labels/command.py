"""What trains with corrected labels. It reads the images as the audit has read them."""

import json
import shlex
from collections.abc import Sequence

from benchmark.execution.label_audit import LabelAudit


def run_command(audit: LabelAudit, label_file: str, program: Sequence[str]) -> str:
    """Return the command `run` of a `program`, like ["python", "-m", "benchmark"]."""
    flags: list[str] = []
    for name, value in audit.read_by.items():
        flag = f"--{name.replace('_', '-')}"
        flags += [flag] if value is True else [flag, str(value)]
    return shlex.join(
        [*program, "run", "--data", audit.images.spec, *flags, "--labels", label_file]
    )


def run_call(audit: LabelAudit, label_file: str) -> str:
    """Return the call of `benchmark.run`, for images that no command can name."""
    path = json.dumps(label_file, ensure_ascii=False)
    settings = [f"{name}={value!r}" for name, value in audit.read_by.items()]
    return f"benchmark.run({', '.join(['data', *settings, f'labels={path}'])})"
