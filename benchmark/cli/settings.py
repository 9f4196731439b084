"""Settings from flags and from a TOML file, both derived from the definitions of the settings."""

import argparse
import tomllib
from typing import Any

from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import GROUPS, OUTPUT, SettingDefinition, settings_of, suggest
from benchmark.storage.plain_file import read_plain

LARGEST_FILE = 50_000  # bytes: a key with more dots than that would take the reader minutes


def add_settings(parser: argparse.ArgumentParser, *kinds: type) -> None:
    """Add a flag for each setting of these dataclasses, under the headings of their groups."""
    groups = {title: parser.add_argument_group(title) for title in GROUPS}
    for definition in settings_of(*kinds).values():
        add_setting(groups[definition.group], definition)
    groups[OUTPUT].add_argument(
        "--config",
        metavar="FILE.toml",
        help="a file in which any of these settings may stand, like seeds = 3; flags win",
    )


def add_setting(group: Any, definition: SettingDefinition, default: str = "") -> None:
    """Add the flag of one setting; `default` says what holds without it, if that differs here."""
    options: dict[str, Any] = {"action": "store_true"}
    if definition.type is not bool:
        is_repeated = definition.type == tuple[str, ...]
        options = {"action": "append" if is_repeated else "store", "metavar": definition.metavar}
    group.add_argument(
        f"--{definition.key}",
        dest=definition.name,
        default=argparse.SUPPRESS,  # a flag that is given wins over the file, a default does not
        help=definition.help(default).replace("%", "%%"),
        **options,
    )


def settings_from(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the flags and of the file that they name; flags win."""
    known = settings_of(Experiment, RunOptions)
    flags = {name: value for name, value in vars(args).items() if name in known}
    file = read_config(args.config, Experiment, RunOptions) if args.config else {}
    seeds = {"seeds", "seed_list"}  # two ways to give the same
    replaced = seeds if seeds & flags.keys() else set()
    return {**{name: file[name] for name in file.keys() - replaced}, **flags}


def read_config(file: str, *kinds: type) -> dict[str, Any]:
    """Return the settings of these dataclasses that stand in a TOML file, by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no TOML, can't be read or is too large, or a key or a value is not allowed.
    """
    try:
        content = read_plain(file, LARGEST_FILE)
    except FileNotFoundError:
        raise FileNotFoundError(f"--config {file}: no such file") from None
    except OSError as error:
        raise ValueError(f"--config {file}: {error.strerror or error}") from None
    known = {definition.key: definition for definition in settings_of(*kinds).values()}
    values: dict[str, Any] = {}
    try:
        for key, value in tomllib.loads(content.decode()).items():
            if (definition := known.get(key.replace("_", "-"))) is None:
                instead, listed = suggest(key, known), ", ".join(sorted(known))
                raise ValueError(f"unknown key {key!r}.{instead} Known: {listed}")
            read = definition.read_several(value)
            values[definition.name] = read if len(read) > 1 else read[0]
    except RecursionError:
        raise ValueError(f"--config {file}: it is nested deeper than any setting") from None
    except ValueError as error:  # also of TOML
        raise ValueError(f"--config {file}: {error}") from None
    return values
