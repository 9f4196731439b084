"""imbalance-bench: which remedy helps a classifier that ignores its rare classes.

In Python::

    import benchmark
    result = benchmark.run(data="my_images", strategies="all")
    result.summary                          # a pandas frame
    benchmark.load("results/my_images-forum")
    benchmark.compare_runs(["results/my_images-forum", "results/digits-forum"])

On the command line: ``python -m benchmark run --strategies all``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.api import compare_runs, load, run
    from benchmark.result import MultiDatasetResult, Result

__version__ = "0.2.0"
__all__ = ["MultiDatasetResult", "Result", "compare_runs", "load", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'benchmark' has no attribute {name!r}")
    # they take a second to import, and `--help` needs none of them
    from benchmark import api, result

    return getattr(result if name.endswith("Result") else api, name)


def __dir__() -> list[str]:
    """Return all names, so that notebooks complete the lazy ones."""
    return sorted({*globals(), *__all__})
