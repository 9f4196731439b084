"""Other files of the same author that a component needs, by the names in its code."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any


def imported_files(component: Any) -> Iterator[tuple[str, Path]]:
    """Return the names that a component uses from other files of its author, and those files.

    They are files of the same package or folder. Names in functions of the same module that the
    component calls count as well.
    """
    kind = component if inspect.isfunction(component) else type(component)
    module = sys.modules[kind.__module__]
    pending: list[Any] = [kind]
    visited: set[str] = set()
    while pending:
        for name in _global_names(pending.pop()) - visited:
            visited.add(name)
            value = vars(module).get(name)
            other = value if isinstance(value, ModuleType) else inspect.getmodule(value)
            if other is module and (inspect.isfunction(value) or inspect.isclass(value)):
                pending.append(value)
            elif other is not None and other is not module and _same_author(module, other):
                yield name, Path(str(other.__file__))


def _global_names(value: Any) -> set[str]:
    """Return the global names in the code of a function, or of the methods of a class."""
    if inspect.isclass(value):
        methods = filter(inspect.isfunction, vars(value).values())
        return set().union(*map(_global_names, methods))
    names, pending = set(), [value.__code__]
    while pending:
        code = pending.pop()
        names |= set(code.co_names)
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return names


def _same_author(module: ModuleType, other: ModuleType) -> bool:
    if not getattr(other, "__file__", None):
        return False
    if module.__name__.partition(".")[0] == other.__name__.partition(".")[0]:
        return True
    folder = Path(str(module.__file__)).parent
    installed = {Path(path) for path in sysconfig.get_paths().values()}  # has files of all authors
    return folder == Path(str(other.__file__)).parent and folder not in installed
