"""One definition of a setting: the field of a dataclass. Everything else is derived from it.

A field that is made by `define_setting`, with a sentence below it, is a flag of the command line
and a key of a TOML file (`benchmark.cli.settings`), an argument of `benchmark.run`
(`takes_settings`), a line of the help, a check of what the user gave, a value in the manifest and a
part of the fingerprint. To add a setting, add a field to `Experiment` or `RunOptions`.
"""

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar, get_args, get_type_hints

from benchmark.spec import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
GROUPS = ("what is compared", "on which images", "how it is trained", "where it goes, and how fast")
WHAT, IMAGES, TRAINING, OUTPUT = GROUPS
RENAMED = {"control": "baseline"}  # names of 0.1, which scripts and shells remember


def read_whole_numbers(value: Any) -> tuple[int, ...]:
    """Turn text like 7,8, a number or several into whole numbers."""
    return tuple(map(_read_whole_number, _split(value)))


def _read_numbers(value: Any) -> tuple[float, ...]:
    return tuple(map(float, _split(value)))


def _read_whole_number(value: Any) -> int:
    return int(value) if isinstance(value, str) else operator.index(value)


def _split(value: Any) -> Iterable[Any]:
    value = value.split(",") if isinstance(value, str) else value
    return value if isinstance(value, Iterable) else [value]


def _read_text(value: Any) -> str:
    """Turn a text, or a path in its place, into text; raise TypeError for anything else."""
    if not isinstance(value, str | Path):
        raise TypeError(f"{value!r} is no text")
    return str(value)


def _read_paths(value: Any) -> tuple[str, ...]:
    return tuple(map(_read_text, [value] if isinstance(value, str | Path) else value))


class Reader(NamedTuple):
    """How values of one type are read, be they text or Python values."""

    read: Callable[[Any], Any]  # raises TypeError or ValueError if it can't
    allowed: str  # what an error says about allowed values
    accepts: str  # the types that may be given in Python, for the documentation


READERS: dict[Any, Reader] = {
    str: Reader(_read_text, "text", "str"),
    Path: Reader(Path, "a path", "str | Path"),
    int: Reader(_read_whole_number, "a whole number", "int"),
    float: Reader(float, "a number", "float"),
    bool: Reader(bool, "true or false", "bool"),
    tuple[int, ...]: Reader(
        read_whole_numbers, "whole numbers like 7,8, each once", "int | Sequence[int]"
    ),
    tuple[float, ...]: Reader(_read_numbers, "numbers like 2 or 2,3", "float | Sequence[float]"),
    tuple[str, ...]: Reader(
        _read_paths, "a path or a list of paths", "str | Path | Sequence[str | Path]"
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
    reader: Callable[[Any], Any] | None = None  # replaces that of its type; raises ValueError
    accepts: str = ""  # the types that may be given in Python
    # whether its value enters the keys of what is stored; not if no network depends on it, or if
    # they hold what follows from it: pixels, steps, precision
    in_fingerprint: bool = True
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
        if value is None and self.default is None:
            return None
        if value is None or isinstance(value, bool) != (self.type is bool):
            self.refuse(value)
        if self.reader:
            result = self.reader(value)
        else:
            try:
                result = READERS[self.type].read(value)
            except (TypeError, ValueError):
                self.refuse(value)
        if (
            (self.at_least is not None and result < self.at_least)
            or (self.choices and result not in self.choices)
            or (self.test and not self.test(result))
        ):
            self.refuse(result)
        return result

    def refuse(self, value: Any, allowed: str = "") -> NoReturn:
        """Raise the ValueError that says what is allowed."""
        least = "" if self.at_least is None else f"{self.at_least} or more"
        allowed = allowed or self.allowed or least or ", ".join(self.choices)
        allowed = allowed or READERS.get(self.type, READERS[str]).allowed
        name = self.name.replace("_", " ")
        raise ValueError(f"{name} {value!r} is not allowed; allowed: {allowed}")

    def format_parameter(self) -> str:
        """Return its lines in a NumPy docstring."""
        accepts = self.accepts or READERS[self.type].accepts
        text = textwrap.indent(textwrap.fill(f"{self.help()}.", 92), " " * 4)
        return f"{self.name} : {accepts}{' | None' * (self.default is None)}\n{text}\n"


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
