"""Whether the packages of trackers are installed."""

from collections.abc import Iterable
from importlib.util import find_spec


def require_packages(trackers: Iterable[str]) -> None:
    """Raise ModuleNotFoundError if the package of a tracker is missing, saying how to get it."""
    for name in trackers:
        if find_spec(name) is None:
            raise ModuleNotFoundError(
                f"--track {name} needs the package {name}: pip install 'imbalance-bench[{name}]'"
            )
