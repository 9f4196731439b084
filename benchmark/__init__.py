"""imbalance-bench: which remedy helps a classifier that ignores its rare classes.

In Python::

    import benchmark
    result = benchmark.run(data="my_images", strategies="all")
    result.summary                          # a pandas frame
    benchmark.run(data=(images, labels))    # arrays, or a torch Dataset; see `image_set`
    benchmark.load("results/my_images-forum")
    benchmark.compare_runs(["results/my_images-forum", "results/digits-forum"])
    benchmark.export("results/my_images-forum")          # the best network, with its decision
    benchmark.load_model("results/my_images-forum/model").predict(["image.jpg"])
    benchmark.study("noisy7")               # is it the imbalance, the labels or the frozen layers?
    benchmark.labels("my_images").suspects  # labels that are likely wrong

On the command line: ``python -m benchmark run --strategies all``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.api import compare_runs, load, run
    from benchmark.data.memory.in_memory import image_set
    from benchmark.inference.loading import load_model
    from benchmark.result import MultiDatasetResult, Result, StudyResult, SweepResult
    from benchmark.result.export import export
    from benchmark.result.gate import GateResult, gate
    from benchmark.result.labels import LabelsResult, labels
    from benchmark.result.predict import predict_files
    from benchmark.studies import study

__version__ = "0.2.0"
__all__ = [
    "GateResult",
    "LabelsResult",
    "MultiDatasetResult",
    "Result",
    "StudyResult",
    "SweepResult",
    "compare_runs",
    "export",
    "gate",
    "image_set",
    "labels",
    "load",
    "load_model",
    "predict_files",
    "run",
    "study",
]
_MODULES = {  # they take a second to import, and `--help` needs none of them
    **dict.fromkeys(("run", "load", "compare_runs"), "benchmark.api"),
    **dict.fromkeys(
        ("Result", "MultiDatasetResult", "StudyResult", "SweepResult"), "benchmark.result"
    ),
    **dict.fromkeys(("labels", "LabelsResult"), "benchmark.result.labels"),
    "export": "benchmark.result.export",
    **dict.fromkeys(("gate", "GateResult"), "benchmark.result.gate"),
    "image_set": "benchmark.data.memory.in_memory",
    "load_model": "benchmark.inference.loading",
    "predict_files": "benchmark.result.predict",
    "study": "benchmark.studies",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'benchmark' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Return all names, so that notebooks complete the lazy ones."""
    return sorted({*globals(), *__all__})
