"""Flags of the command line, each derived from the definition of its setting."""

from __future__ import annotations

import argparse
from typing import Any

from benchmark.plan.settings import GROUPS, OUTPUT, SettingDefinition, settings_of


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


def add_setting(group: Any, definition: SettingDefinition, unset: str = "") -> None:
    """Add the flag of one setting; `unset` says what holds without it, if that differs here."""
    options: dict[str, Any] = {}
    if definition.is_switch:
        options["action"] = "store_true"
    else:
        options["metavar"] = definition.metavar
        options["action"] = "append" if definition.is_repeated else "store"
    group.add_argument(
        f"--{definition.key}",
        dest=definition.name,
        default=argparse.SUPPRESS,  # a flag that is given wins over the file, a default does not
        help=definition.help(unset).replace("%", "%%"),
        **options,
    )
