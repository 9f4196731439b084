"""A strategy can be sent to other processes, and its results are found by its key."""

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

from benchmark.contract.case import Case, CheckFailedError, require
from benchmark.plan.schedule import Budget, build_schedule, checkpoint_key
from benchmark.plugins import load_plugin, loaded_files
from benchmark.strategy import Strategy
from benchmark.strategy.fingerprint import file_hash, fingerprint
from benchmark.strategy.registry import registered
from benchmark.strategy.stage import STAGE_COMPONENTS
from benchmark.system.processes import safe_import_path

_BUDGET = Budget(8, (10, 10))


def check_pickles(case: Case) -> None:
    """It can be sent to another process."""
    try:
        unpickled = pickle.loads(pickle.dumps(case.strategy))  # noqa: S301 -- our own pickle
    except Exception as error:
        raise CheckFailedError(
            f"it can't be pickled ({error}): write its components at the top level of the file, "
            "with numbers, strings and further components in their fields, no lambda or open file"
        ) from error
    require(
        unpickled == case.strategy,
        f"unpickled, it is {unpickled}, which is not equal to the original: make every component "
        "a frozen dataclass, which compares by its fields",
    )


def check_key_is_stable(case: Case) -> None:
    """Its key is the same in another process."""
    key = key_of(case.strategy)
    require(
        key == key_of(case.entry.build()),
        "two builds of it have different keys, so its results would never be found again. Is there "
        "a random number, a time or an address in a field?",
    )
    keys, errors = _keys_in_another_process(tuple(loaded_files().items()))
    other = keys.get(case.entry.name)
    reason = errors.get(str(case.entry.file), "no file that is loaded there has it")
    require(other, f"another process has no such strategy: {reason}")
    require(
        other == key,
        f"its key is {key} in this process and {other} in another, so its results would not be "
        "found again. Is there a random number, a time, a process's number or an address in a "
        "field?",
    )


def check_key_covers_source(case: Case) -> None:
    """A change of its source changes its key."""
    components = list(_components(case.strategy))
    covered = json.dumps([fingerprint(component) for component in components])
    for component in components:
        kind = component if inspect.isfunction(component) else type(component)
        if kind.__module__.startswith("benchmark.") or kind.__module__ == "__main__":
            continue  # part of this project; or of a notebook, whose definition is in the key
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        require(
            file and file_hash(Path(file)) in covered,
            f"{kind.__qualname__} comes from {kind.__module__}, and the key does not cover its "
            "source: results of an earlier version would be taken for its own. Write it as a class "
            "in the file",
        )


def key_of(strategy: Strategy) -> str:
    """Return the key of the network that a strategy trains in 20 steps; of several, all of them."""
    keys = (
        checkpoint_key(20, build_schedule(s, _BUDGET), s.head, "base") for s in strategy.trainings
    )
    return "-".join(keys)


def _components(strategy: Strategy) -> Iterator[Any]:
    """Return all components of a strategy, and the components in their fields."""
    pending = [strategy.decision, *(training.head for training in strategy.trainings)]
    stages = [stage for training in strategy.trainings for stage in training.stages]
    pending += [getattr(stage, name) for stage in stages for name in STAGE_COMPONENTS]
    while pending:
        value = pending.pop()
        if isinstance(value, tuple | list):
            pending += value
        elif inspect.isfunction(value):
            yield value
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield value
            pending += [getattr(value, field.name) for field in dataclasses.fields(value)]


@functools.cache
def _keys_in_another_process(
    files: tuple[tuple[Path, str], ...],
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys of all registered strategies there, and the errors of files, by path."""
    code = (
        f"import sys; sys.path[:] = {sys.path}; from benchmark.contract.key import print_keys; "
        "print_keys(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, *(str(file) for file, _ in files)]
    with safe_import_path():
        # Python alone, on files that the user has named
        process = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    keys, errors = json.loads(process.stdout.splitlines()[-1])  # a plug-in may print as well
    return keys, errors


def print_keys(files: list[str]) -> None:
    """Print the keys of all registered strategies, those of the files included, as JSON."""
    keys, errors = dict[str, str](), dict[str, str]()
    for file in files:
        try:
            load_plugin(file)
        except (OSError, ValueError) as error:  # perhaps not the file of the strategy to check
            errors[file] = str(error)
    for name, entry in registered().items():
        with contextlib.suppress(Exception):
            keys[name] = key_of(entry.build())
    print()  # a plug-in may have printed without an end of line
    print(json.dumps([keys, errors]))
