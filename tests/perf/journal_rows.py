"""Rows of a journal, fabricated, for tests of what is computed from them."""

from tests.perf.figures import GIB
from tests.perf.inputs import BenchConfig

NAMES = ("a", "b", "c")
CONFIG = BenchConfig("data", "w", 96, NAMES, (0, 1), "cpu", "auto")
ABOUT = {
    "data": "toys",
    "images": 5000,
    "classes": 3,
    "split": [4000, 500, 500],
    "weights": "some",
    "batch_size": {"0": 64, "1": 64},
    "steps": {"0": 250, "1": 250},
    "precision": "bf16",
    "device": "cpu",
    "gpu_memory": None,
    "environment": {
        **{"device": "a CPU", "cores": 2, "python": "3", "torch": "2", "torchvision": "0"}
    },
}


def row(kind, seconds, number=0, strategies=("a",), seeds=(0,), **more):
    scores = {"macro_f1": 0.5, "seconds": {"head": 1.0, "half": 2.0}}
    if kind == "harness":
        scores = {
            "cost": {"seconds": {"training": seconds / 2}},
            "macro_f1": {f"{name} {seed}": 0.6 for name in strategies for seed in seeds},
        }
    return {
        "kind": kind,
        "round": number,
        "strategies": list(strategies),
        "seeds": list(seeds),
        "seconds": seconds,
        "load": 0.1,
        "others": 0.0,
        "begun": "2026-01-01 00:00:00",
        "memory": {"all": 3 * GIB, "anonymous": GIB, "files": 2 * GIB},
        "commit": "abc",
        "result": scores,
        **more,
    }


def full_rows():
    """Two rounds: plain 10 + 20 + 30 and 100 each, tuned one script of 8; harness 6 and 5."""
    bare = {
        "pairs": [{"harness": 9.0, "bare": 10.0}, {"harness": 10.0, "bare": 10.0}],
        **{"steps": 8, "threads": 1, "precision": "bfloat16"},
    }
    return [
        *(row("plain", s, 0, (name,)) for s, name in zip((10, 20, 30), NAMES, strict=True)),
        row("tuned", 8, 0, ("b",)),
        row("harness", 6, 0, NAMES),
        row("harness", 12, 0, NAMES, (0, 1)),
        *(row("plain", 100, 1, (name,), (1,)) for name in NAMES),
        row("tuned", 8, 1, ("c",)),
        row("harness", 5, 1, NAMES),
        row("harness", 10, 1, NAMES, (0, 1)),
        row("bare", 50, 0, NAMES, result=bare),
    ]
