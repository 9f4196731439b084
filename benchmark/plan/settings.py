"""One definition of a setting: the field of a dataclass. Everything else is derived from it.

A field that is made by `define_setting`, with a sentence below it, is a flag of the command line
and a key of a TOML file (`benchmark.cli.settings`), an argument of `benchmark.run`
(`takes_settings`), a line of the help, a check of what the user gave, a value in the manifest and a
part of the fingerprint. To add a setting, add a field to `Experiment` or `RunOptions`.
"""

import ast
import inspect
import math
import operator
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar, get_args, get_type_hints

from benchmark.spec import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
GROUPS = ("what is compared", "on which images", "how it is trained", "where it goes, and how fast")
WHAT, IMAGES, TRAINING, OUTPUT = GROUPS
LONGEST_VALUE = 200  # characters of a value in an error; a path may be long
RENAMED = {"control": "baseline"}  # names of 0.1, which scripts and shells remember


def read_whole_numbers(value: Any) -> tuple[int, ...]:
    """Turn text like 7,8, a number or several into whole numbers."""
    return tuple(map(_read_whole_number, _items(value)))


def read_texts(value: Any) -> tuple[str, ...]:
    """Turn a text or a path, or several, into texts; the items of a set are sorted."""
    return tuple(map(_read_text, [value] if isinstance(value, str | Path) else _items(value)))


def split_texts(value: Any) -> Sequence[Any]:
    """Part a text with commas, or a list, into its items; anything else is one item.

    >>> split_texts("a,b"), split_texts("a"), split_texts(["a", "b"])
    (['a', 'b'], ['a'], ['a', 'b'])
    """
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value if isinstance(value, list | tuple) else [value]


def _read_numbers(value: Any) -> tuple[float, ...]:
    return tuple(map(_read_number, _items(value)))


def _read_whole_number(value: Any) -> int:
    value = _plain(value)
    is_text = isinstance(value, str)
    if isinstance(value, bool) or (is_text and not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value)):
        raise TypeError(f"{value!r} is no whole number")
    return int(value) if is_text else operator.index(value)


def _read_number(value: Any) -> float:
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, str | Real):
        raise TypeError(f"{value!r} is no number")
    if not math.isfinite(number := float(value)):
        raise ValueError(f"{value!r} is not finite")
    return number


def _read_text(value: Any) -> str:
    """Turn a text, or a path in its place, into text."""
    value = _plain(value)
    if not isinstance(value, str | Path):
        raise TypeError(f"{value!r} is no text")
    if not str(value).strip():
        raise TypeError("the text is empty")
    return str(value)


def _items(value: Any) -> Iterable[Any]:
    """Return the items of a text with commas, a list, a set, an array …, or of one number alone."""
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, Mapping | bytes | bytearray) or getattr(value, "ndim", 1) != 1:
        raise TypeError(f"{value!r} is no list")  # iterating would give keys, bytes or rows
    if isinstance(value, Set):
        return sorted(value)  # a set of texts has another order in every process
    return value if isinstance(value, Iterable) else [value]


def _plain(value: Any) -> Any:
    """Return the Python value of a scalar of NumPy or torch, and anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


class Reader(NamedTuple):
    """How values of one type are read, be they text or Python values."""

    read: Callable[[Any], Any]  # raises TypeError, ValueError or OverflowError if it can't
    allowed: str  # what an error says about allowed values
    accepts: str  # the types that may be given in Python, for the documentation


READERS: dict[Any, Reader] = {
    str: Reader(_read_text, "text", "str"),
    Path: Reader(lambda value: Path(_read_text(value)), "a path", "str | Path"),
    int: Reader(_read_whole_number, "a whole number", "int"),
    float: Reader(_read_number, "a number", "float"),
    bool: Reader(bool, "true or false", "bool"),
    tuple[int, ...]: Reader(
        read_whole_numbers, "whole numbers like 7,8, each once", "int | Sequence[int]"
    ),
    tuple[float, ...]: Reader(_read_numbers, "numbers like 2 or 2,3", "float | Sequence[float]"),
    tuple[str, ...]: Reader(
        read_texts, "a path or a list of paths", "str | Path | Sequence[str | Path]"
    ),
}


@dataclass(frozen=True)
class SettingDefinition:
    """What a field says about its setting. What it leaves out follows from its type."""

    group: str  # the heading in the help, one of `GROUPS`
    metavar: str | None = None  # the word for its value in the help
    at_least: int | None = None  # the smallest number that is allowed
    choices: tuple[str, ...] = ()  # the texts that are allowed
    test: Callable[[Any], bool] | None = None  # whether a value of the right type is allowed
    allowed: str = ""  # what an error says about allowed values
    # replaces that of its type; its ValueError is shown, for a TypeError `allowed` is
    reader: Callable[[Any], Any] | None = None
    accepts: str = ""  # the types that may be given in Python
    # whether its value enters the keys of what is stored; not if no network depends on it, or if
    # they hold what follows from it: pixels, steps, precision
    in_fingerprint: bool = True
    # parts what may be several values into them, each for a run of its own; None: it has one value
    several: Callable[[Any], Sequence[Any]] | None = None
    name: str = ""
    description: str = ""  # ends with "(default: …)" if the field's default does not say it
    type: Any = str  # without None
    default: Any = None

    @property
    def key(self) -> str:
        """The name in a TOML file; the flag is this with two dashes before it."""
        return self.name.replace("_", "-")

    def help(self, default: str = "") -> str:
        """Return the sentence of the help; `default`, if given, replaces its default."""
        text, _, described = self.description.partition(" (default: ")
        default = default or described.removesuffix(")") or str(self.default or "")
        return f"{text} (default: {default})" if default else text

    def read(self, value: Any) -> Any:
        """Return a value in the setting's type, be it given as text or in Python.

        Raises
        ------
        ValueError
            If it is not allowed, saying what is.
        """
        value = _plain(value)
        if value is None and self.default is None:
            return None
        if value is None or isinstance(value, bool) != (self.type is bool):
            self.refuse(value)
        try:
            result = (self.reader or READERS[self.type].read)(value)
        except (TypeError, ArithmeticError):
            self.refuse(value)
        except ValueError:
            if self.reader:  # it says what is allowed
                raise
            self.refuse(value)
        if (
            (self.at_least is not None and result < self.at_least)
            or (self.choices and result not in self.choices)
            or (self.test and not self.test(result))
        ):
            self.refuse(value if self.reader else result)
        return result

    def read_several(self, value: Any) -> tuple[Any, ...]:
        """Return the values of a setting that may have several, each read; else the one value."""
        parts = self.several(_plain(value)) if self.several and value is not None else [value]
        if not len(parts):
            self.refuse(value)
        return tuple(map(self.read, parts))

    def refuse(self, value: Any, allowed: str = "") -> NoReturn:
        """Raise the ValueError that says what is allowed."""
        least = "" if self.at_least is None else f"{self.at_least} or more"
        allowed = allowed or self.allowed or least or ", ".join(self.choices)
        allowed = allowed or READERS.get(self.type, READERS[str]).allowed
        name = self.name.replace("_", " ")
        raise ValueError(f"{name} {_shorten(repr(value))} is not allowed; allowed: {allowed}")

    def format_parameter(self) -> str:
        """Return its lines in a NumPy docstring."""
        accepts = self.accepts or READERS[self.type].accepts
        text = textwrap.indent(textwrap.fill(f"{self.help()}.", 92), " " * 4)
        return f"{self.name} : {accepts}{' | None' * (self.default is None)}\n{text}\n"


def _shorten(text: str) -> str:
    """Cut what an array or an object says of itself to a line."""
    line = " ".join(text[:LONGEST_VALUE].splitlines())
    return line if len(text) <= LONGEST_VALUE else f"{' '.join(line.split())} …"


def define_setting(default: Any, group: str, metavar: str | None = None, **details: Any) -> Any:
    """Return a dataclass field that defines a setting; see `SettingDefinition` for the details."""
    definition = SettingDefinition(group, metavar, **details)
    return field(default=default, metadata={"setting": definition})


class BaseSettings:
    """A dataclass whose fields are settings: values are read and checked when it is made."""

    def __post_init__(self) -> None:
        for name, definition in settings_of(type(self)).items():
            self._set(name, definition.read(getattr(self, name)))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # only while a frozen object is made

    def describe(self) -> dict[str, Any]:
        """Return all values by name, for the manifest."""
        return {name: getattr(self, name) for name in settings_of(type(self))}


def settings_of(*kinds: type) -> dict[str, SettingDefinition]:
    """Return the settings of dataclasses by name, in the order of their fields."""
    return {name: definition for kind in kinds for name, definition in _settings_of(kind).items()}


@cache
def _settings_of(kind: type) -> dict[str, SettingDefinition]:
    hints, descriptions = get_type_hints(kind), _descriptions(kind)
    definitions = {}
    for item in fields(kind):
        name, definition, hint = item.name, item.metadata["setting"], hints[item.name]
        derived = {
            "name": name, "description": descriptions[name], "default": item.default,
            "type": get_args(hint)[0] if type(None) in get_args(hint) else hint,
        }  # fmt: skip
        definitions[name] = replace(definition, **derived)
    return definitions


def _descriptions(kind: type) -> dict[str, str]:
    """Return the strings below the fields of a class and its bases, which Python drops."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        module = ast.parse(textwrap.dedent(inspect.getsource(base)))
        for item, below in pairwise(ast.iter_child_nodes(module.body[0])):
            if isinstance(item, ast.AnnAssign) and isinstance(below, ast.Expr):
                text = str(ast.literal_eval(below.value))
                texts[ast.unparse(item.target)] = " ".join(text.split())
    return texts


def select(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are settings of `kind`."""
    return {name: values[name] for name in settings_of(kind) if name in values}


def suggest(name: str, known: Iterable[str], mark: str = "") -> str:
    """Return what to write in place of an unknown name, for an error: a new name, or a close one.

    `mark` is what stands behind a name where it is written.
    """
    return f" Write {RENAMED[name]}{mark}." if name in RENAMED else did_you_mean(name, known)


def require_known(names: Iterable[str], *kinds: type) -> None:
    """Raise TypeError, naming the closest, if a name is no setting of these dataclasses."""
    known = settings_of(*kinds)
    for name in names:
        if name not in known:
            instead = suggest(name, known, "=")
            raise TypeError(f"there is no setting {name!r}.{instead} Known: {', '.join(known)}")


def takes_settings(*kinds: type) -> Callable[[F], F]:
    """Show settings as keyword arguments of a function with `**settings`, also to `help()`.

    They enter its signature, and its docstring at the beginning of the section Parameters.
    """

    def decorate(function: F) -> F:
        signature, definitions = inspect.signature(function), settings_of(*kinds)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        derived = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=definition.default)
            for name, definition in definitions.items()
            if name not in signature.parameters
        ]
        parameters = sorted([*derived, *own], key=lambda parameter: parameter.kind)
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        heading = "Parameters\n----------\n"
        section = heading + "".join(d.format_parameter() for d in definitions.values())
        function.__doc__ = (inspect.getdoc(function) or "").replace(heading, section, 1)
        return function

    return decorate
