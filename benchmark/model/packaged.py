"""Weights that a package brings: their file is found and checked; no code of it is run."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from benchmark.model.weights_source import Package


def packaged_file(package: Package) -> Path:
    """Return the file of weights in an installed package; OSError says why there is none."""
    spec = find_spec(package.module)  # of a module that lies in no other, so it is not imported
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        name = package.requirement.partition("==")[0]
        raise FileNotFoundError(f"the package {name} is not installed")
    path = Path(next(iter(folders))) / package.file
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OSError(f"{path} can't be read: {error.strerror}") from error
    if sha256 != package.sha256:
        raise OSError(f"{path} is damaged, or of another release: its sha256 is another")
    return path
