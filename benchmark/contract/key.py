"""A strategy travels to other processes, and its results are found again by its key."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark.contract.clause import BrokenClauseError, Case, require
from benchmark.contract.source import files_used
from benchmark.plan.segments import Budget, build_schedule, checkpoint_key
from benchmark.plugins import load_plugin, loaded_files
from benchmark.strategy import Strategy
from benchmark.strategy.fingerprint import file_hash, fingerprint
from benchmark.strategy.registry import registered

_BUDGET = Budget(8, (10, 10))


def pickles(case: Case) -> None:
    """It can be sent to another process."""
    try:
        again = pickle.loads(pickle.dumps(case.strategy))
    except Exception as error:
        raise BrokenClauseError(
            f"it can't be pickled ({error}): write its components at the top level of the file, "
            "with numbers, strings and further components in their fields, no lambda or open file"
        ) from error
    require(
        again == case.strategy,
        f"what arrives there, {again}, is not equal to what was sent: make every component a "
        "frozen dataclass, which compares by its fields",
    )


def has_a_stable_key(case: Case) -> None:
    """Its key is the same in another process."""
    here = key_of(case.strategy)
    require(
        here == key_of(case.entry.build()),
        "two builds of it have different keys: results would never be found again. Is there a "
        "random number, a time or an address in a field?",
    )
    elsewhere = _keys_elsewhere(tuple(loaded_files().items()))
    there = elsewhere.get(case.entry.name)
    why = elsewhere.get(str(case.entry.file), "it is in none of the files that are loaded there")
    require(there, f"another process has no such strategy: {why}")
    require(
        there == here,
        f"another process gives it the key {there}, this one {here}: results would not be found "
        "again. Is there a random number, a time, a process's number or an address in a field?",
    )


def key_knows_its_source(case: Case) -> None:
    """A change of its source changes its key."""
    told = json.dumps([fingerprint(one) for one in components(case.strategy)])
    for one in components(case.strategy):
        kind = one if inspect.isfunction(one) else type(one)
        if kind.__module__.startswith("benchmark.") or kind.__module__ == "__main__":
            continue  # ours; or a notebook's, whose definition is in the key
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        require(
            file and file_hash(Path(file)) in told,
            f"{kind.__qualname__} comes from {kind.__module__}, whose source the key does not "
            "hold: results of an earlier version would be taken for its own. Write it as a class "
            "in the file",
        )
        for name, other in files_used(one):
            require(
                file_hash(other) in told,
                f"{kind.__qualname__} uses {name} of {other.name}, whose source the key does not "
                f"hold: after a change there, results of before it would be taken for new ones. "
                f"Write {name} in the file of {kind.__qualname__}, inherit from it, or hold it in "
                "a field",
            )


def key_of(strategy: Strategy) -> str:
    """Return the key of the network that a strategy leads to, in a budget of 20 steps."""
    return checkpoint_key(20, build_schedule(strategy, _BUDGET), strategy.head, "origin")


def components(strategy: Strategy) -> Iterator[Any]:
    """Return what decides of a result, stage by stage, with what is inside of it."""
    fields = ("sampler", "augmentation", "mixing", "synthesizer", "loss")
    found = [strategy.decision, strategy.head]
    found += [getattr(stage, f) for stage in strategy.stages for f in fields]
    while found:
        one = found.pop()
        if isinstance(one, tuple | list):
            found += one
        elif inspect.isfunction(one):
            yield one
        elif dataclasses.is_dataclass(one) and not isinstance(one, type):
            yield one
            found += [getattr(one, field.name) for field in dataclasses.fields(one)]


@functools.cache
def _keys_elsewhere(files: tuple[tuple[Path, int], ...]) -> dict[str, str]:
    """Return the keys of all registered strategies in a process of its own.

    Of a file that can't be loaded there, its error.
    """
    code = "from benchmark.contract.key import print_keys; import sys; print_keys(sys.argv[1:])"
    words = [sys.executable, "-c", code, *(str(file) for file, _ in files)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))  # a plug-in may print as well


def print_keys(files: list[str]) -> None:
    """Print the keys of what is registered, and of what some files bring, as JSON."""
    keys: dict[str, str] = {}
    for file in files:
        try:
            load_plugin(file)
        except (OSError, ValueError) as error:  # may be another strategy's than the one asked for
            keys[file] = str(error)
    for name, entry in registered().items():
        with contextlib.suppress(Exception):
            keys[name] = key_of(entry.build())
    print()  # what a plug-in has printed may lack its end of line
    print(json.dumps(keys))
