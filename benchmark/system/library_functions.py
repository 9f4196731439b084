"""Functions, classes and constants of libraries that code of the user's replaces for all.

Who writes `torch.nn.functional.cross_entropy = mine` changes the training of all others. So does
who replaces what a function runs (its `__code__`) or what its arguments are by default. It is
noticed by identity and undone.
"""

import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import attrgetter, is_
from types import FunctionType, ModuleType
from typing import Any

from benchmark.system.library_messages import is_users

# packages whose functions are watched, and parts of them that nothing here uses
_PACKAGES = {
    *("benchmark", "strategies", "torch", "numpy", "random", "math", "builtins", "os"),
    *("json", "time", "warnings", "traceback", "safetensors"),
    *("pathlib", "io", "tempfile", "shutil", "hashlib", "contextlib", "dataclasses", "functools"),
    *("threading", "signal", "gc", "pickle", "copy", "re", "datetime"),
}
_UNUSED = (
    *("torch._dynamo", "torch._inductor", "torch._refs", "torch._decomp", "torch._prims"),
    *("torch._export", "torch._subclasses", "torch._higher_order", "torch._functorch"),
    *("torch._logging", "torch._library", "torch._numpy", "torch.distributed", "torch.fx"),
    *("torch.jit", "torch.testing", "torch.onnx", "torch.ao", "torch.export", "torch.package"),
    *("torch.sparse", "torch.compiler", "torch.profiler", "numpy.testing", "numpy.typing"),
    *("numpy._typing", "numpy.ma", "numpy.f2py", "benchmark.cli"),
)
# where the methods of classes are watched as well
_WITH_METHODS = (
    *("benchmark.", "strategies.", "torch.nn.", "torch.optim.", "torch.autograd."),
    *("torch._tensor.", "torch.random.", "torch.amp.", "json.", "pathlib."),
)

# of a function: what decides on what it does, each replaced as a whole
_PARTS = {name: attrgetter(name) for name in ("__code__", "__defaults__", "__kwdefaults__")}
_ABSENT = object()

Contents = list[tuple[Any, str, dict[str, Any]]]  # owner, its name, its content


@dataclass(frozen=True)
class Functions:
    """What the watched modules and classes hold, and what the functions among it do."""

    modules: list[tuple[str, ModuleType]]
    contents: Contents
    functions: list[FunctionType]
    # of each function, by the part: long lists, since short tuples are looked at for garbage
    parts: dict[str, list[Any]]
    named: list[tuple[FunctionType, dict[str, Any]]]  # defaults that are changed in place


_latest: list[Functions] = []  # that were gathered; a list: this module is watched as well


def functions_now() -> Functions:
    """Return what the watched modules and classes hold now."""
    modules = [
        (name, module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _PACKAGES
        and not name.startswith(_UNUSED)
        and isinstance(module, ModuleType)
    ]
    # few of them change, and to gather all anew takes several times as long
    is_known = bool(_latest) and modules == _latest[0].modules
    latest = (_renewed(_latest[0]) if is_known else None) or _gathered(modules)
    _latest[:] = [latest]
    functions = latest.functions
    named = [(f, dict(f.__kwdefaults__)) for f in functions if f.__kwdefaults__]
    return replace(latest, parts=_parts_of(functions), named=named)


def _gathered(modules: list[tuple[str, ModuleType]]) -> Functions:
    contents = _contents_of(modules)
    return Functions(modules, contents, _distinct_functions(contents), {}, [])


def _renewed(latest: Functions) -> Functions | None:
    """Read anew the modules and classes that changed; None where there may be other classes."""
    contents = latest.contents
    changed = [
        index
        for index, (owner, _, content) in enumerate(contents)
        if not _is_unchanged(owner, content)
    ]
    if not changed:
        return latest
    if any(_has_watched_methods(*contents[index][:2]) for index in changed):
        return None
    contents = list(contents)
    for index in changed:
        owner, name, _ = contents[index]
        contents[index] = (owner, name, dict(vars(owner)))
    is_same = all(
        list(_functions([latest.contents[index]])) == list(_functions([contents[index]]))
        for index in changed
    )
    functions = latest.functions if is_same else _distinct_functions(contents)
    return replace(latest, contents=contents, functions=functions)


def _parts_of(functions: list[FunctionType]) -> dict[str, list[Any]]:
    return {name: list(map(part, functions)) for name, part in _PARTS.items()}


def _is_unchanged(owner: Any, content: dict[str, Any]) -> bool:
    """Return whether a module or a class holds the same, in the order in which it was filled."""
    now = vars(owner)
    return len(now) == len(content) and all(map(is_, now.values(), content.values()))


def _distinct_functions(contents: Contents) -> list[FunctionType]:
    return list({id(f): f for f in _functions(contents)}.values())


def _functions(contents: Contents) -> Iterator[FunctionType]:
    """Yield the functions that modules and classes hold, those behind methods too."""
    for _, _, content in contents:
        for value in content.values():
            kind = type(value)
            if kind is FunctionType:
                yield value
            elif kind is staticmethod or kind is classmethod:
                if type(value.__func__) is FunctionType:
                    yield value.__func__
            elif kind is property and type(value.fget) is FunctionType:
                yield value.fget


def _has_watched_methods(owner: Any, name: str) -> bool:
    """Return whether the methods of the classes that it holds are watched."""
    return isinstance(owner, ModuleType) and f"{name}.".startswith(_WITH_METHODS)


def _contents_of(modules: list[tuple[str, ModuleType]]) -> Contents:
    contents: Contents = [(module, name, dict(vars(module))) for name, module in modules]
    known: set[int] = set()
    for module, name, _ in contents[:]:
        if not _has_watched_methods(module, name):
            continue
        for value in list(vars(module).values()):
            if type(value) is FunctionType or not issubclass(type(value), type):
                continue
            # a class may name another module as its own: torch.Tensor is in torch._tensor
            if id(value) not in known and value.__module__.partition(".")[0] in _PACKAGES:
                known.add(id(value))
                full_name = f"{value.__module__}.{value.__qualname__}"
                contents.append((value, full_name, dict(vars(value))))
    return contents


def restore_functions(before: Functions, by_users_only: bool = False) -> list[str]:
    """Put back what was replaced since; return the names of what code of the user's replaced.

    What a library has put in place of another function, as `torch.compile` does, is put back and
    not named. With `by_users_only`, only that which is in a file of the user's now is put back:
    libraries may replace functions of each other when they are imported.
    """
    replaced = []
    known: set[int] = set()
    for owner, name, content in before.contents:
        if _is_unchanged(owner, content):
            continue
        now = vars(owner)
        for key, value in [*content.items(), *_shadowed(owner, content)]:
            new = now.get(key, _ABSENT)
            if new is value or not _is_fixed(f"{name}.{key}", value, new):
                continue
            if by_users_only and not is_of_user(new):
                continue
            known = known or {id(held) for _, _, c in before.contents for held in c.values()}
            if not _is_by_library(new, known):
                replaced.append(f"{name}.{key}")
            if key in content:
                setattr(owner, key, value)
            else:
                delattr(owner, key)
    return replaced + _restore_parts(before, by_users_only)


def _shadowed(owner: Any, content: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what was inherited, or built in, and stands in the module or the class itself now."""
    added = [key for key in vars(owner) if key not in content]
    bases = owner.__mro__[1:] if isinstance(owner, type) else [builtins]
    values = [(key, [vars(b)[key] for b in bases if key in vars(b)]) for key in added]
    return [(key, inherited[0]) for key, inherited in values if inherited]


def _restore_parts(before: Functions, by_users_only: bool) -> list[str]:
    """Put back what functions run, and their defaults; return the names of these functions."""
    replaced = []
    now = _parts_of(before.functions)
    for index in _changed(before.parts, now):
        function = before.functions[index]
        if by_users_only and not is_users(now["__code__"][index].co_filename):
            continue
        replaced.append(f"{function.__module__}.{function.__qualname__}")
        for name, parts in before.parts.items():
            setattr(function, name, parts[index])
    for function, defaults in before.named:
        held = function.__kwdefaults__ or {}
        if not all(map(is_, map(held.get, defaults), defaults.values())):
            replaced.append(f"{function.__module__}.{function.__qualname__}")
            held.update(defaults)
    return replaced


def _changed(before: dict[str, list[Any]], now: dict[str, list[Any]]) -> list[int]:
    """Return the indices of the functions of which a part is another object now."""
    if all(all(map(is_, before[name], now[name])) for name in _PARTS):
        return []
    indices = range(len(before["__code__"]))
    return [i for i in indices if any(before[name][i] is not now[name][i] for name in _PARTS)]


def _is_fixed(name: str, value: Any, now: Any) -> bool:
    """Return whether no library replaces such a value by itself."""
    has_its_name = getattr(now, "__name__", None) == getattr(value, "__name__", "")
    is_compiled = hasattr(now, "_torchdynamo_orig_callable")
    if has_its_name and not is_compiled and not is_of_user(now):
        return False  # torch wraps functions of its own when parts of it are first used
    if isinstance(value, FunctionType | type | staticmethod | classmethod | property):
        return name != "torch.Storage"  # which follows the default dtype
    is_constant = type(value) in (float, complex) or name.rpartition(".")[2].isupper()
    is_fixed_number = is_constant and _is_number(value)
    return callable(value) or type(value).__name__ == "dtype" or is_fixed_number


def _is_number(value: Any) -> bool:
    """Return whether a value is a number or a text, or fixed numbers and texts."""
    if type(value) in (tuple, frozenset):
        return all(map(_is_number, value))
    return type(value) in (int, float, complex, bool, str, bytes)


def _is_by_library(now: Any, known: set[int]) -> bool:
    """Return whether an installed package has made a value since, which was not known before."""
    package = str(getattr(now, "__module__", None)).partition(".")[0]
    not_packages = {*sys.stdlib_module_names, "__main__"}
    is_package = package in sys.modules and package not in not_packages
    return is_package and id(now) not in known and not is_of_user(now)


def is_of_user(value: Any) -> bool:
    """Return whether a value was written in a file of the user's."""
    code = getattr(value, "__code__", None)
    if code is None:
        module = sys.modules.get(str(getattr(value, "__module__", None)))
        return is_users(str(getattr(module, "__file__", None)))
    return is_users(code.co_filename)
