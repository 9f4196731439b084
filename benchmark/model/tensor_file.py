"""Write tensors to a file of safetensors: atomically, with the system's own errors."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from benchmark.storage.atomic import atomic


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write dense tensors on the CPU; OSError for a full disk and the like."""
    with atomic(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        try:
            save_file(dict(tensors), temporary, dict(metadata))
        except SafetensorError as error:
            raise error_of_the_system(error) or error from error
        temporary.chmod(mode)  # safetensors leaves a file that only its owner can read


def error_of_the_system(error: Exception) -> OSError | None:
    """Return the system's error, such as a full disk, behind one of safetensors or torch's."""
    number = re.search(r"\(os error ([0-9]+)\)", str(error))
    if number is None and isinstance(error, RuntimeError):  # torch maps the file
        number = re.search(r"memory \(([0-9]+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else None
