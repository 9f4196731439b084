"""One definition of a setting: the field of a dataclass. Everything else is derived from it.

A field that is made by `define_setting`, with a sentence below it, is a flag of the command line
and a key of a TOML file (`benchmark.cli.settings`), an argument of `benchmark.run`
(`takes_settings`), a line of the help, a check of what the user gave, a value in the manifest and a
part of the fingerprint. To add a setting, add a field to `Experiment` or `RunOptions`.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import pairwise
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints

from benchmark.plan.setting_readers import READERS, plain_value
from benchmark.spec import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
GROUPS = ("what is compared", "on which images", "how it is trained", "where it goes, and how fast")
WHAT, IMAGES, TRAINING, OUTPUT = GROUPS
LONGEST_VALUE = 200  # characters of a value in an error; a path may be long
RENAMED = {"control": "baseline"}  # names of 0.1, which scripts and shells remember


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
        value = plain_value(value)
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
        parts = self.several(plain_value(value)) if self.several and value is not None else [value]
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
