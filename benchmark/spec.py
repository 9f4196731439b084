"""Names and parameters as users write them: `focal_loss:gamma=1`, and registries of named things.

The grammar of a spec is ``name:key=value,key=value``. Specs in a list stand behind commas. Several
values of one key mean one spec for each value: ``focal_loss:gamma=1,2``.

This module imports nothing else of `benchmark`.
"""

from __future__ import annotations

import difflib
import inspect
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

T = TypeVar("T")


def split_specs(text: str) -> list[str]:
    """Split ``a,b:key=1,other=2,3`` at the commas that begin a new spec.

    A piece that can't be a name, as the 3, is another value of the parameter before it.

    Raises
    ------
    ValueError
        If a parameter stands before the first name.
    """
    specs: list[str] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        name = piece.split(":", 1)[0]
        if "=" in name and not specs:
            raise ValueError(f"{text!r} begins with the parameter {piece!r}; write the name first")
        if "=" in name:  # another parameter of the spec before it
            specs[-1] += ("," if ":" in specs[-1] else ":") + piece
        elif specs and ":" in specs[-1] and not name.isidentifier():
            specs[-1] += "," + piece
        else:
            specs.append(piece)
    return specs


def expand_values(spec: str) -> list[str]:
    """Return one spec for each combination of values.

    ``focal_loss:gamma=1,2`` becomes ``focal_loss:gamma=1`` and ``focal_loss:gamma=2``.
    """
    name, _, parameters = spec.partition(":")
    choices: list[list[str]] = []
    for piece in filter(None, parameters.split(",")):
        if "=" in piece or not choices:
            choices.append([piece])
        else:
            key, _, _ = choices[-1][0].rpartition("=")
            choices[-1].append(f"{key}={piece}")
    combinations = itertools.product(*choices)
    return [f"{name}:{','.join(pieces)}" if pieces else spec for pieces in combinations]


def format_spec(name: str, parameters: dict[str, Any]) -> str:
    """Return the spec with these parameters: the inverse of `parse_parameters`."""
    pieces = ",".join(f"{key}={value}" for key, value in parameters.items())
    return f"{name}:{pieces}" if pieces else name


def split_parameters(owner: str, text: str) -> dict[str, str]:
    """Split ``a=1,b=2`` into names and values. Errors begin with `owner`.

    Raises
    ------
    ValueError
        If a piece is not of the form name=value, or a name is given twice.
    """
    parameters: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals and value):
            raise ValueError(f"{owner}: {item!r} is not of the form name=value.")
        if name in parameters:
            raise ValueError(f"{owner}: {name} is given twice.")
        parameters[name] = value
    return parameters


def parse_parameters(owner: str, function: Callable[..., Any], text: str) -> dict[str, Any]:
    """Read arguments of a function from ``a=1,b=2``. Each gets the type of its default.

    Errors begin with `owner`, the name that users write for the function.

    Raises
    ------
    ValueError
        If the function has no such parameter, or a value is not of the parameter's type.
    """
    signature = inspect.signature(function).parameters
    defaults = {name: parameter.default for name, parameter in signature.items()}
    arguments: dict[str, Any] = {}
    given = split_parameters(owner, text)
    for name, value in given.items():
        if name not in defaults:
            listed = ", ".join(f"{key}={default}" for key, default in defaults.items())
            specs = [key for key, other in given.items() if ":" in other and "=" in other]
            inside = f" What is named in {specs[0]}= can have one parameter." if specs else ""
            raise ValueError(
                f"{owner} has no parameter {name!r}.{did_you_mean(name, defaults)} "
                f"It takes {f'{listed} (the defaults)' if listed else 'none'}.{inside}"
            )
        is_float = signature[name].annotation in (float, "float")  # its default may be an int, as 2
        kind = float if is_float else type(defaults[name])
        try:
            arguments[name] = BOOLEANS[value.lower()] if kind is bool else kind(value)
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{owner}: {name}={value} is not of type {kind.__name__}.") from None
    return arguments


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` with the closest known name, or ``""``, for an error."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def check_name(kind: str, name: object) -> None:
    """Raise ValueError if a spec can't have this name: it would be read as something else.

    A list of specs is cut at commas, a spec at its colon; and what is no identifier may be a value
    of the parameter before it.
    """
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(
            f"{name!a} can't be the name of a {kind}: the command line could not select it. "
            "A name has letters, digits and underscores alone, and begins with no digit"
        )


class Registry(Generic[T]):
    """Things by name, in the order of registration, as a dict has them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind  # the word for an item in errors: "strategy"
        self._items: dict[str, tuple[T, Callable[..., Any]]] = {}

    def register(self, name: str, item: T, source: Callable[..., Any]) -> None:
        """Add an item. `source` is the function that the user wrote for it.

        The module of the source, and its file, may register the name again: a cell of a notebook
        that runs again has another file, a file that is loaded again another module.

        Raises
        ------
        ValueError
            If another module has registered the name, or the command line can't select it.
        """
        check_name(self.kind, name)
        other = self._items[name][1] if name in self._items else source
        if other.__module__ != source.__module__ and _file(other) != _file(source):
            raise ValueError(
                f"there is a {self.kind} {name!r} already, in {Path(_file(other)).name}; "
                f"give the one in {Path(_file(source)).name} another function name"
            )
        self._items[name] = item, source

    def get(self, name: str, aliases: Iterable[str] = (), hint: str = "") -> T:
        """Return an item by name.

        Raises
        ------
        ValueError
            If the name is unknown. The error has the closest of the known names and the `aliases`,
            as those of groups, lists the known names, and ends with the `hint`.
        """
        if name not in self._items:
            close = did_you_mean(name, [*self._items, *aliases])
            known = ", ".join(self._items) or "none"
            raise ValueError(
                f"unknown {self.kind} {name!r}.{close} Known: {known}.{hint and ' ' + hint}"
            )
        return self._items[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def values(self) -> list[T]:
        """Return all items."""
        return [item for item, _ in self._items.values()]

    def items(self) -> list[tuple[str, T]]:
        """Return names and items."""
        return [(name, item) for name, (item, _) in self._items.items()]

    def names_from(self, module: str) -> list[str]:
        """Return the names that a module has registered."""
        return [n for n, (_, source) in self._items.items() if source.__module__ == module]

    def remove(self, name: str) -> None:
        """Remove one item."""
        del self._items[name]

    def remove_all_of(self, module: str) -> None:
        """Remove all items of a module."""
        for name in self.names_from(module):
            del self._items[name]

    def copy(self) -> Registry[T]:
        """Return a registry with the same items, for `restore`."""
        saved = Registry[T](self.kind)
        saved._items = dict(self._items)
        return saved

    def restore(self, saved: Registry[T]) -> None:
        """Go back to the items of a copy."""
        self._items = dict(saved._items)


def _file(function: Callable[..., Any]) -> str:
    """Return the file of a function; its module if it is not written in Python."""
    code = getattr(function, "__code__", None)
    return os.path.realpath(code.co_filename) if code else function.__module__
