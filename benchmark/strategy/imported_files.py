"""The files that a component's code reaches: that of its module, and those that it imports.

Followed are files outside the standard library and installed packages, an editable installation
included; of an installed package with strategies, its own modules.
"""

import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from importlib.util import decode_source
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

from benchmark.strategy.located import Located, is_followed, locate
from benchmark.strategy.registering import registering
from benchmark.strategy.statements import REFLECTION, Chain, Import, Statement, read_statements
from benchmark.system.installed import OURS

ALL: Chain = ()  # every name of a module
# modules that a plug-in has loaded in a way that its text does not show, by the plug-in's module
loaded_indirectly: dict[str, frozenset[str]] = {}
_texts: dict[Path, tuple[str, ModuleSpec | None, str]] = {}  # with the module and its state


class Goal(NamedTuple):
    """A name in a module that is reached; without a chain all names, None if it is only run."""

    module: str
    chain: Chain | None
    is_reached: bool = True  # or only what it registers is


def reached_files(module: str, names: Iterable[str]) -> dict[str, Path]:
    """Return the modules and files that these names of a module reach."""
    indirect = [Goal(other, ALL) for other in loaded_indirectly.get(module, ())]
    return _follow([*(Goal(module, (name,)) for name in names), *indirect])


def imported_files(module: str) -> dict[str, Path]:
    """Return the modules and files that a module imports, itself and all that these import."""
    indirect = [Goal(other, ALL) for other in loaded_indirectly.get(module, ())]
    return _follow([Goal(module, ALL), *indirect], whole=True)


def _follow(pending: list[Goal], whole: bool = False) -> dict[str, Path]:
    """Follow goals from file to file; `whole` takes all names of each."""
    files: dict[str, Path] = {}
    visited = set[Goal]()
    while pending:
        goal = pending.pop()
        located = locate(goal.module)
        if goal in visited or located is None:
            continue
        visited.add(goal)
        if located.file is not None and not is_followed(goal.module, located.file):
            continue
        if not goal.is_reached:
            pending += _registering_goals(goal, located)
            continue
        if parent := goal.module.rpartition(".")[0]:
            pending.append(Goal(parent, None))  # it is run
        if goal.chain and located.folders is not None:
            pending.append(Goal(f"{goal.module}.{goal.chain[0]}", goal.chain[1:]))
        if located.file is not None:
            files[goal.module] = located.file
            pending += _goals(goal._replace(chain=ALL) if whole else goal, located)
    return files


def loaded_text(file: Path, module: str = "") -> str:
    """Return the text of a file as this process uses it: that of its first reading.

    An edit counts when the module is imported anew. Before, the process still has the older code.
    """
    spec = getattr(sys.modules.get(module), "__spec__", None)
    if file not in _texts or (module and _texts[file][1] is not spec):
        _texts[file] = module, spec, decode_source(file.read_bytes())
    return _texts[file][2]


def text_to_run(file: Path, module: str) -> str:
    """Return the text of a file that is imported now: what was read before its first import."""
    if file in _texts and _texts[file][1] is None:
        spec = getattr(sys.modules.get(module), "__spec__", None)
        _texts[file] = module, spec, _texts[file][2]
    return loaded_text(file, module)


def forget_text(file: Path) -> None:
    """Read a file anew when it is needed next."""
    _texts.pop(file, None)


def read_files() -> dict[str, Path]:
    """Return the modules whose text this process has read, without those of `benchmark`."""
    return {name: file for file, (name, _, _) in _texts.items() if not file.is_relative_to(OURS)}


def _read(module: str, located: Located) -> tuple[Statement, ...]:
    assert located.file is not None
    try:
        text = loaded_text(located.file, module)
        return read_statements(text, module, located.folders is not None)
    except (OSError, SyntaxError, ValueError):  # whoever runs it sees the error
        return ()


def _goals(goal: Goal, located: Located) -> Iterator[Goal]:
    """Yield what a goal leads to."""
    statements = _read(goal.module, located)
    acting = [s for s in statements if s.acts] + registering(statements, goal.module)
    reached, chains, everything = _reach(goal.chain, statements, acting, bool(located.folders))
    yield from _run_goals(statements)
    for statement in reached:
        for entry in statement.imports:
            # an import in a function binds a name there
            yield from _import_goals(entry, [c for c in chains if c[0] == entry.bound], everything)
        for name in statement.binds if not statement.imports else ():
            yield from _dynamic_goals(goal.module, name)
    bound = {name for statement in statements for name in statement.binds}
    for entry in (e for s in statements for e in s.imports if e.name == e.bound == "*"):
        if everything:
            yield Goal(entry.module, ALL)
        for chain in chains:
            if chain[0] not in bound and chain[0] in names_of(entry.module):
                yield Goal(entry.module, chain)


def _registering_goals(goal: Goal, located: Located) -> Iterator[Goal]:
    """Yield a module that is run, if it registers something, or those that it runs."""
    if located.file is None:
        return
    statements = _read(goal.module, located)
    if registering(statements, goal.module):
        yield goal._replace(is_reached=True)
    else:
        yield from _run_goals(statements)


def _run_goals(statements: tuple[Statement, ...]) -> Iterator[Goal]:
    """Yield the modules that are run by imports at the top level."""
    for entry in (e for s in statements for e in s.imports if e.bound in s.binds):
        yield Goal(entry.module, None, is_reached=False)
        if entry.name not in ("", "*"):  # perhaps a module
            yield Goal(f"{entry.module}.{entry.name}", None, is_reached=False)


def _reach(
    chain: Chain | None,
    statements: tuple[Statement, ...],
    acting: list[Statement],
    is_package: bool,
) -> tuple[list[Statement], set[Chain], bool]:
    """Return the statements that a chain leads to, the chains in them, and whether it is all."""
    reached = acting
    if not is_package:  # the unused imports of a package are its interface
        used = {used[0] for statement in statements for used in statement.uses}
        reached += [s for s in statements if s.imports and s.binds and not s.binds & used]
    chains = {used for statement in reached for used in statement.uses}
    if chain:
        chains.add(chain)
        if not any(chain[0] in statement.binds for statement in statements):
            chains.add(("__getattr__",))  # of the module
    pending, names = list(chains), set[str]()
    while pending:
        name = pending.pop()[0]
        if name in names:
            continue
        names.add(name)
        for statement in (s for s in statements if name in s.binds):
            reached.append(statement)
            pending += statement.uses
            chains |= statement.uses
    everything = chain == ALL or not REFLECTION.isdisjoint(n for c in chains for n in c)
    if everything:
        chains |= {used for statement in statements for used in statement.uses}
        reached = list(statements)
    return list(dict.fromkeys(reached)), chains, everything


def _import_goals(entry: Import, chains: list[Chain], everything: bool) -> Iterator[Goal]:
    yield Goal(entry.module, None)
    if entry.name == "*":
        if not entry.bound:  # by a call
            yield Goal(entry.module, ALL)
    elif entry.name:
        for chain in chains or [(entry.name,)]:
            yield Goal(entry.module, (entry.name, *chain[1:]))
    elif everything and not chains:
        yield Goal(entry.module, ALL)
    else:
        for chain in chains:
            yield Goal(entry.module, chain[1:])


def names_of(module: str, visited: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names that a module binds at its top level, those of ``import *`` included."""
    located = locate(module)
    if module in visited or located is None or located.file is None:
        return frozenset()
    if not is_followed(module, located.file):
        return frozenset()
    statements = _read(module, located)
    names = {name for statement in statements for name in statement.binds}
    for entry in (e for s in statements for e in s.imports if e.name == "*"):
        names |= names_of(entry.module, visited | {module})
    return frozenset(names)


def _dynamic_goals(module: str, name: str) -> Iterator[Goal]:
    """Yield where the value of a name is defined: the text need not show it."""
    value = vars(sys.modules[module]).get(name) if module in sys.modules else None
    if isinstance(value, ModuleType):
        yield Goal(value.__name__, ALL)
    elif value is not None:
        kind = value if isinstance(value, type | FunctionType) else type(value)
        if kind.__module__ not in (module, "builtins", "__main__"):
            yield Goal(kind.__module__, (kind.__qualname__.partition(".")[0],))
