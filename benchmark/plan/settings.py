"""One definition of a setting: the field of a dataclass. Everything else is derived from it.

A field that is made by `define_setting` is a flag of the command line (`benchmark.cli.flags`), a
key of a TOML file (`benchmark.cli.config`), an argument of `benchmark.run` (`takes_settings`), a
line of the help, a check of what the user gave, a value in the manifest and a part of the
fingerprint. To add a setting, add a field to `Experiment` or `RunOptions`.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints

from benchmark.spec import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
GROUPS = ("what is compared", "on which images", "how it is trained", "where it goes, and how fast")
WHAT, IMAGES, TRAINING, OUTPUT = GROUPS


def _text(value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError(value)
    return str(value)


def _whole_number(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(value)
    return int(value) if isinstance(value, str) else operator.index(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _tuple_of(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read_items(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            value = value.split(",")
        return tuple(map(read, value if isinstance(value, Iterable) else [value]))

    return read_items


# how a value is read, be it text or a Python value, and what is allowed then
READERS: dict[Any, tuple[Callable[[Any], Any], str]] = {
    str: (_text, "text"),
    Path: (lambda value: Path(_text(value)), "a path"),
    int: (_whole_number, "a whole number"),
    float: (_number, "a number"),
    bool: (_switch, "true or false"),
    tuple[int, ...]: (_tuple_of(_whole_number), "whole numbers like 7,8"),
    tuple[float, ...]: (_tuple_of(_number), "numbers like 2 or 2,3"),
    tuple[str, ...]: (
        lambda value: tuple(map(_text, [value] if isinstance(value, str | Path) else value)),
        "a text or a list of texts",
    ),
}


@dataclass(frozen=True)
class SettingDefinition:
    """What a field says about its setting; see `define_setting` for the attributes."""

    description: str
    group: str
    metavar: str | None
    unset: str
    allowed: str
    test: Callable[[Any], bool] | None
    reader: Callable[[Any], Any] | None
    in_fingerprint: bool
    name: str = ""
    annotation: str = ""
    type: Any = str
    default: Any = None

    @property
    def key(self) -> str:
        """The name in a TOML file; the flag is this with two dashes before it."""
        return self.name.replace("_", "-")

    @property
    def is_switch(self) -> bool:
        """Whether its flag takes no value."""
        return self.type is bool

    @property
    def is_repeated(self) -> bool:
        """Whether its flag may be given several times."""
        return self.type == tuple[str, ...]

    def help(self, unset: str = "") -> str:
        """Return the sentence of the help; `unset` replaces the words for the default."""
        default = unset or self.unset or ("" if self.default in (None, (), False) else self.default)
        return f"{self.description} (default: {default})" if default else self.description

    def read(self, value: Any) -> Any:
        """Return a value in the setting's type, be it given as text or in Python.

        Raises
        ------
        ValueError
            If it is not allowed, saying what is.
        """
        if value is None and self.default is None:
            return None
        reader, allowed = READERS.get(self.type, (_text, ""))
        if self.reader:
            value = self.reader(value)
        else:
            try:
                value = reader(value)
            except (TypeError, ValueError):
                self.refuse(value, self.allowed or allowed)
        if self.test and not self.test(value):
            self.refuse(value)
        return value

    def refuse(self, value: Any, allowed: str = "") -> NoReturn:
        """Raise the ValueError that says what is allowed."""
        words = self.name.replace("_", " ")
        raise ValueError(f"{words} {value!r} is not allowed; allowed: {allowed or self.allowed}")


def define_setting(
    default: Any,
    description: str,
    group: str,
    *,
    metavar: str | None = None,
    unset: str = "",
    allowed: str = "",
    test: Callable[[Any], bool] | None = None,
    reader: Callable[[Any], Any] | None = None,
    in_fingerprint: bool = True,
) -> Any:
    """Return a dataclass field that defines a setting.

    Parameters
    ----------
    default
        Its default; None if it follows from something else, of which `unset` tells.
    description
        What the help says about it.
    group
        The heading in the help, one of `GROUPS`.
    metavar
        The word for its value in the help.
    unset
        What the help says of the default; "": the default itself.
    allowed
        What an error says about allowed values.
    test
        Whether a value is allowed, apart from its type.
    reader
        Turns text or a Python value into the value; None: by the field's type, see `READERS`.
    in_fingerprint
        Whether another value gives another network, so that it enters the keys of what is stored.
        False also if what it leads to enters the keys: images, steps, precision.
    """
    definition = SettingDefinition(
        description, group, metavar, unset, allowed, test, reader, in_fingerprint
    )
    return field(default=default, metadata={"setting": definition})


class BaseSettings:
    """A dataclass whose fields are settings: values are read and checked when it is made."""

    def __post_init__(self) -> None:
        for definition in settings_of(type(self)).values():
            self._set(definition.name, definition.read(getattr(self, definition.name)))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # only while a frozen object is made

    def describe(self) -> dict[str, Any]:
        """Return all values by name, for the manifest."""
        return {name: getattr(self, name) for name in settings_of(type(self))}

    def training_fingerprint(self) -> dict[str, Any]:
        """Return the values that change a trained network, apart from data and weights."""
        return {
            name: getattr(self, name)
            for name, definition in settings_of(type(self)).items()
            if definition.in_fingerprint
        }


def settings_of(*kinds: type) -> dict[str, SettingDefinition]:
    """Return the settings of dataclasses by name, in the order of their fields."""
    definitions: dict[str, SettingDefinition] = {}
    for kind in kinds:
        hints = get_type_hints(kind)
        for item in fields(kind):
            plain = [part for part in get_args(hints[item.name]) if part is not type(None)]
            is_optional = len(plain) == 1 and type(None) in get_args(hints[item.name])
            definitions[item.name] = replace(
                item.metadata["setting"],
                name=item.name,
                annotation=inspect.formatannotation(item.type).strip("'"),
                type=plain[0] if is_optional else hints[item.name],
                default=item.default,
            )
    return definitions


def select(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are settings of `kind`."""
    return {name: values[name] for name in settings_of(kind) if name in values}


def require_known(values: Iterable[str], *kinds: type) -> None:
    """Raise TypeError, naming the closest, if a name is no setting of these dataclasses."""
    known = settings_of(*kinds)
    for name in values:
        if name not in known:
            close = did_you_mean(name, known)
            raise TypeError(f"there is no setting {name!r}.{close} Known: {', '.join(known)}")


def takes_settings(*kinds: type) -> Callable[[F], F]:
    """Show settings as keyword arguments of a function with `**settings`, also to `help()`.

    They enter its signature, and its docstring at the beginning of the section Parameters.
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        kept = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        definitions = settings_of(*kinds).values()
        derived = [
            inspect.Parameter(
                definition.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=definition.default,
                annotation=definition.annotation,
            )
            for definition in definitions
            if definition.name not in signature.parameters
        ]
        parameters = sorted([*derived, *kept], key=lambda parameter: parameter.kind)
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        heading = "Parameters\n----------\n"
        lines = [
            f"{definition.name} : {definition.annotation}\n    {definition.help()}\n"
            for definition in definitions
        ]
        doc = inspect.getdoc(function) or ""
        function.__doc__ = doc.replace(heading, heading + "".join(lines), 1)
        return function

    return decorate
