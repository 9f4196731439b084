"""A strategy travels to other processes, and its results are found again by its key."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.contract.clause import Case, require
from benchmark.plan import Budget, key_at, stretches_of
from benchmark.plugins import load_plugin, loaded_files
from benchmark.strategy import Strategy
from benchmark.strategy.identity import file_hash, identity
from benchmark.strategy.registry import registered

_BUDGET = Budget(8, (10, 10))


def pickles(case: Case) -> None:
    """It can be sent to another process."""
    again = pickle.loads(pickle.dumps(case.strategy))
    require(
        again == case.strategy,
        f"what arrives there is {again}, not {case.strategy}: make every component a frozen "
        "dataclass, which compares by its fields",
    )


def has_a_stable_key(case: Case) -> None:
    """Its key is the same in another process."""
    here = key_of(case.strategy)
    require(
        here == key_of(case.entry.build()),
        "two builds of it have different keys: results would never be found again. Is there a "
        "random number, a time or an address in a field?",
    )
    there = _keys_elsewhere(tuple(map(str, loaded_files()))).get(case.entry.name)
    require(
        there == here,
        f"another process gives it the key {there}, this one {here}: results would not be found "
        "again. Is there a set, a random number or an address in a field?",
    )


def key_knows_its_source(case: Case) -> None:
    """A change of its source changes its key."""
    told = json.dumps([identity(one) for one in components(case.strategy)])
    for one in components(case.strategy):
        module = sys.modules[type(one).__module__]
        if module.__file__ and not module.__name__.startswith("benchmark."):
            require(
                file_hash(Path(module.__file__)) in told,
                f"{type(one).__qualname__} comes from {module.__name__}, whose source the key does "
                "not hold: results of an earlier version would be taken for its own",
            )


def key_of(strategy: Strategy) -> str:
    """Return the key of the network that a strategy leads to, in a budget of 20 steps."""
    return key_at(20, stretches_of(strategy, _BUDGET), strategy.head, "origin")


def components(strategy: Strategy) -> Iterator[Any]:
    """Return what decides of a network, stage by stage, with what is inside of it."""
    fields = ("sample", "augment", "mix", "synthesise", "loss")
    found = [strategy.head, *(getattr(stage, f) for stage in strategy.stages for f in fields)]
    while found:
        one = found.pop()
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            yield one
            found += [getattr(one, field.name) for field in dataclasses.fields(one)]


@functools.cache
def _keys_elsewhere(files: tuple[str, ...]) -> dict[str, str]:
    """Return the keys of all registered strategies in a process of its own."""
    code = "from benchmark.contract.key import print_keys; import sys; print_keys(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def print_keys(files: list[str]) -> None:
    """Print the keys of what is registered, and of what some files bring, as JSON."""
    for file in files:
        with contextlib.suppress(OSError, ValueError):  # of another strategy than the one asked for
            load_plugin(file)
    keys = {}
    for name, entry in registered().items():
        with contextlib.suppress(Exception):
            keys[name] = key_of(entry.build())
    print(json.dumps(keys))
