"""One definition of a setting: the field of a dataclass. Everything else is derived from it.

A field that is made by `define_setting` is a flag of the command line (`benchmark.cli.flags`), a
key of a TOML file (`benchmark.cli.config`), an argument of `benchmark.run` (`takes_settings`), a
line of the help, a check of what the user gave, a value in the manifest and a part of the
fingerprint. To add a setting, add a field to `Experiment` or `RunOptions`.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn, TypeVar, get_args, get_type_hints

from benchmark.plan.readers import READERS, Reader
from benchmark.spec import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
GROUPS = ("what is compared", "on which images", "how it is trained", "where it goes, and how fast")
WHAT, IMAGES, TRAINING, OUTPUT = GROUPS


@dataclass(frozen=True)
class SettingDefinition:
    """What a field says about its setting. Empty texts follow from the field's type and default."""

    description: str
    group: str  # the heading in the help, one of `GROUPS`
    metavar: str | None = None  # the word for its value in the help
    unset: str = ""  # what the help says of the default
    allowed: str = ""  # what an error says about allowed values
    test: Callable[[Any], bool] | None = None  # whether a value of the right type is allowed
    reader: Callable[[Any], Any] | None = None  # text or a Python value -> the value, or ValueError
    accepts: str = ""  # the types that may be given in Python
    # whether another value gives another network, so that it enters the keys of what is stored;
    # False also where what follows from it enters them: images, steps, precision
    in_fingerprint: bool = True
    name: str = ""
    type: Any = str  # without None
    default: Any = None  # None follows from something else, which `unset` describes

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

    @property
    def annotation(self) -> str:
        """The types that may be given in Python."""
        accepts = self.accepts or self._by_type.accepts
        return f"{accepts} | None" if self.default is None else accepts

    @property
    def _by_type(self) -> Reader:
        return READERS.get(self.type, READERS[str])

    def help(self, unset: str = "") -> str:
        """Return the sentence of the help; `unset`, if given, describes the default instead."""
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
        if value is None or isinstance(value, bool) != self.is_switch:
            self.refuse(value)
        if self.reader:
            result = self.reader(value)
        else:
            try:
                result = self._by_type.read(value)
            except (TypeError, ValueError):
                self.refuse(value)
        if self.test and not self.test(result):
            self.refuse(result)
        return result

    def refuse(self, value: Any, allowed: str = "") -> NoReturn:
        """Raise the ValueError that says what is allowed."""
        allowed = allowed or self.allowed or self._by_type.allowed
        name = self.name.replace("_", " ")
        raise ValueError(f"{name} {value!r} is not allowed; allowed: {allowed}")


def define_setting(default: Any, description: str, group: str, **details: Any) -> Any:
    """Return a dataclass field that defines a setting; see `SettingDefinition` for the details."""
    definition = SettingDefinition(description, group, **details)
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
    definitions: dict[str, SettingDefinition] = {}
    for kind in kinds:
        hints = get_type_hints(kind)
        for item in fields(kind):
            hint = hints[item.name]
            options = [option for option in get_args(hint) if option is not type(None)]
            is_optional = len(options) == 1 and type(None) in get_args(hint)
            definitions[item.name] = replace(
                item.metadata["setting"],
                name=item.name,
                type=options[0] if is_optional else hint,
                default=item.default,
            )
    return definitions


def select(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are settings of `kind`."""
    return {name: values[name] for name in settings_of(kind) if name in values}


def require_known(names: Iterable[str], *kinds: type) -> None:
    """Raise TypeError, naming the closest, if a name is no setting of these dataclasses."""
    known = settings_of(*kinds)
    for name in names:
        if name not in known:
            close = did_you_mean(name, known)
            raise TypeError(f"there is no setting {name!r}.{close} Known: {', '.join(known)}")


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
        section = heading + "".join(map(_format_parameter, definitions.values()))
        function.__doc__ = (inspect.getdoc(function) or "").replace(heading, section, 1)
        return function

    return decorate


def _format_parameter(definition: SettingDefinition) -> str:
    """Return the lines of one setting in a NumPy docstring."""
    text = definition.help()
    indented = textwrap.fill(
        text[0].upper() + text[1:] + ".", 96, initial_indent=" " * 4, subsequent_indent=" " * 4
    )
    return f"{definition.name} : {definition.annotation}\n{indented}\n"
