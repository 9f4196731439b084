"""Files of safetensors: written atomically, also read without a map, with the system's errors."""

import errno
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.numpy
import safetensors.torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.storage.atomic import atomic
from benchmark.storage.mounts import is_on_network

_NO_MAP = (errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)  # of some file systems
_LOAD: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "pt": safetensors.torch.load,
    "np": safetensors.numpy.load,
}


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


@contextmanager
def open_tensors(path: Path, framework: str) -> Iterator[Any]:
    """Open a file as `safetensors.safe_open` does, for torch ("pt") or numpy ("np").

    It is mapped into memory; on a network file system, and where files can't be mapped, it is read.
    """
    if is_on_network(path):  # a map of what another machine removes would kill this process
        yield _WholeFile(path, framework)
        return
    try:
        opened = safe_open(path, framework)
    except Exception as error:
        system = error_of_the_system(error)
        if system is None or system.errno not in _NO_MAP:
            raise
        opened = None
    if opened is None:
        yield _WholeFile(path, framework)
        return
    with opened as file:
        yield file


class _WholeFile:
    """What `safe_open` returns, as far as it is needed, of a file that is read at once."""

    def __init__(self, path: Path, framework: str) -> None:
        content = path.read_bytes()
        self._tensors = _LOAD[framework](content)
        length = int.from_bytes(content[:8], "little")
        self._metadata = json.loads(content[8 : 8 + length]).get("__metadata__")

    def keys(self) -> list[str]:
        """Return the names of the tensors."""
        return list(self._tensors)

    def get_tensor(self, name: str) -> Any:
        """Return a tensor."""
        return self._tensors[name]

    def metadata(self) -> dict[str, str] | None:
        """Return the metadata."""
        return self._metadata


def error_of_the_system(error: Exception) -> OSError | None:
    """Return the system's error, such as a full disk, behind one of safetensors or torch's."""
    number = re.search(r"\(os error ([0-9]+)\)", str(error))
    if number is None and isinstance(error, RuntimeError):  # torch maps the file
        number = re.search(r"unable to mmap .*\(([0-9]+)\)", str(error))
    return OSError(int(number[1]), os.strerror(int(number[1]))) if number else None
