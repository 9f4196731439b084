"""Functions and classes of libraries that code of the user's replaces for the whole process.

Who writes `torch.nn.functional.cross_entropy = mine` changes the training of all others. It is
noticed by identity and undone.
"""

import sys
from types import FunctionType, ModuleType
from typing import Any

from benchmark.system.library_messages import is_users

# packages whose functions are watched, and parts of them that nothing here uses
_PACKAGES = {
    *("benchmark", "strategies", "torch", "numpy", "random", "math", "builtins", "os"),
    *("json", "time", "warnings", "traceback", "safetensors"),
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
    *("torch._tensor", "torch.random", "torch.amp"),
)

Functions = list[tuple[Any, str, dict[str, Any]]]


def functions_now() -> Functions:
    """Return what the watched modules and classes hold now: owner, its name, its content."""
    modules = [
        (name, module)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _PACKAGES
        and not name.startswith(_UNUSED)
        and isinstance(module, ModuleType)
    ]
    contents: Functions = [(module, name, dict(vars(module))) for name, module in modules]
    known: set[int] = set()
    for name, module in modules:
        if not f"{name}.".startswith(_WITH_METHODS):
            continue
        for value in list(vars(module).values()):
            if (
                issubclass(type(value), type)
                and value.__module__ == name
                and id(value) not in known
            ):
                known.add(id(value))
                contents.append((value, f"{name}.{value.__qualname__}", dict(vars(value))))
    return contents


def restore_functions(before: Functions, by_users_only: bool = False) -> list[str]:
    """Put back what was replaced since; return the names of what code of the user's replaced.

    What a library has put in place of another function, as `torch.compile` does, is put back and
    not named. With `by_users_only`, only that which is in a file of the user's now is put back:
    libraries may replace functions of each other when they are imported.
    """
    replaced = []
    known = {id(value) for _, _, content in before for value in content.values()}
    for owner, name, content in before:
        now = vars(owner)
        if len(now) >= len(content) and all(now.get(k) is v for k, v in content.items()):
            continue
        for key, value in content.items():
            if now.get(key) is value or not _is_fixed(f"{name}.{key}", value, now.get(key)):
                continue
            if by_users_only and not is_of_user(now.get(key)):
                continue
            if not _is_by_library(now.get(key), known):
                replaced.append(f"{name}.{key}")
            setattr(owner, key, value)
    return replaced


def _is_fixed(name: str, value: Any, now: Any) -> bool:
    """Return whether no library replaces such a value by itself."""
    has_its_name = getattr(now, "__name__", None) == getattr(value, "__name__", "")
    is_compiled = hasattr(now, "_torchdynamo_orig_callable")
    if has_its_name and not is_compiled and not is_of_user(now):
        return False  # torch wraps functions of its own when parts of it are first used
    if isinstance(value, FunctionType | type | staticmethod | classmethod | property):
        return name != "torch.Storage"  # which follows the default dtype
    return callable(value) or type(value).__name__ == "dtype"


def _is_by_library(now: Any, known: set[int]) -> bool:
    """Return whether an installed package has made a value since, which was not known before."""
    package = str(getattr(now, "__module__", None)).partition(".")[0]
    is_package = package in sys.modules and package not in sys.stdlib_module_names
    return is_package and id(now) not in known and not is_of_user(now)


def is_of_user(value: Any) -> bool:
    """Return whether a value was written in a file of the user's."""
    code = getattr(value, "__code__", None)
    if code is None:
        module = sys.modules.get(str(getattr(value, "__module__", None)))
        return is_users(str(getattr(module, "__file__", None)))
    return is_users(code.co_filename)
