"""Which other files of its author a component needs, as far as the names in its code tell."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any


def files_used(component: Any) -> Iterator[tuple[str, Path]]:
    """Return what a component names of its author's other files, and the file of each.

    Those of the same package or folder; also named by the functions beside it that it calls.
    """
    kind = component if inspect.isfunction(component) else type(component)
    module = sys.modules[kind.__module__]
    found: list[Any] = [kind]
    seen: set[str] = set()
    while found:
        for name in _names(found.pop()) - seen:
            seen.add(name)
            value = vars(module).get(name)
            other = value if isinstance(value, ModuleType) else inspect.getmodule(value)
            if other is module and (inspect.isfunction(value) or inspect.isclass(value)):
                found.append(value)
            elif other is not None and other is not module and _of_one_author(module, other):
                yield name, Path(str(other.__file__))


def _names(value: Any) -> set[str]:
    """Global names in the code of a function, or of the methods of a class."""
    if inspect.isclass(value):
        return set().union(*map(_names, filter(inspect.isfunction, vars(value).values())))
    names, codes = set(), [value.__code__]
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [one for one in code.co_consts if isinstance(one, CodeType)]
    return names


def _of_one_author(one: ModuleType, other: ModuleType) -> bool:
    if not getattr(other, "__file__", None):
        return False
    if one.__name__.partition(".")[0] == other.__name__.partition(".")[0]:
        return True
    folder = Path(str(one.__file__)).parent
    installed = {Path(path) for path in sysconfig.get_paths().values()}  # there are all authors'
    return folder == Path(str(other.__file__)).parent and folder not in installed
