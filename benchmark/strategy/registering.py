"""Statements that change what others lead to, though these do not name them.

Such are definitions that a decorator or a base class puts into a registry, and `torch.relu = own`.
"""

import sys
from types import ModuleType
from typing import Any

from benchmark.strategy.located import is_users_module
from benchmark.strategy.statements import Statement

# of each module its statements and the module that was loaded then, and the result
_results: dict[str, tuple[tuple[Statement, ...], ModuleType | None, list[Statement]]] = {}


def registering(statements: tuple[Statement, ...], module: str) -> list[Statement]:
    """Return the statements of a module that register something with code of the user's own."""
    loaded = sys.modules.get(module)
    known = _results.get(module)
    if known is None or known[0] is not statements or known[1] is not loaded:
        known = _results[module] = statements, loaded, _registering(statements, module)
    return known[2]


def _registering(statements: tuple[Statement, ...], module: str) -> list[Statement]:
    imported = {e.bound: e.module for s in statements for e in s.imports if e.bound in s.binds}
    bound = {name for statement in statements for name in statement.binds}
    values = vars(sys.modules[module]) if module in sys.modules else {}
    registered = []
    for statement in statements:
        makers = (
            imported.get(name, module) if name in bound else imported.get("*", "builtins")
            for name in statement.decorators
        )
        if (
            not statement.changes.isdisjoint(imported)
            or any(is_users_module(maker) for maker in makers)
            or any(_is_registered(values.get(name), module) for name in statement.binds)
        ):
            registered.append(statement)
    return registered


def _is_registered(kind: Any, module: str) -> bool:
    """Whether a class of a module is handed to its base or metaclass when it is defined."""
    if not isinstance(kind, type) or kind.__module__ != module:
        return False
    makers = [base for base in kind.__mro__[1:] if "__init_subclass__" in vars(base)]
    return any(is_users_module(maker.__module__) for maker in (type(kind), *makers))
