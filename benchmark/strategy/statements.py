"""What each statement of a module binds, uses and imports, read from its text and not run.

An edit of a file concerns a component only if its code can reach that file: through names, which
lead from a statement to those that bind them, and from there to other files.
"""

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Chain = tuple[str, ...]  # names behind dots: np.random.seed is ("np", "random", "seed")
MOST_NAMES = 3  # of a chain
# with these, code can reach names that it does not write
REFLECTION = frozenset({"globals", "locals", "vars", "eval", "exec", "__dict__", "modules"})


@dataclass(frozen=True)
class Import:
    """One name that an import binds."""

    module: str  # absolute
    name: str  # in that module; '' is the module itself, '*' are all of its names
    bound: str  # '' if it binds nothing


@dataclass(frozen=True)
class Statement:
    """One statement at the top level of a module, or in a block at the top level."""

    binds: frozenset[str]
    uses: frozenset[Chain]
    imports: tuple[Import, ...]
    acts: bool  # whether it may change something without binding a name, as a call
    changes: frozenset[str]  # names whose parts it sets, as `torch` in `torch.relu = own`
    decorators: frozenset[str]  # the first names of those of its definition


@functools.cache
def read_statements(source: str, name: str, is_package: bool) -> tuple[Statement, ...]:
    """Return the statements of a module's text; `name` and `is_package` make imports absolute."""
    package = name if is_package else name.rpartition(".")[0]
    return tuple(_statements(ast.parse(source).body, package))


def _statements(body: Iterable[ast.stmt], package: str) -> Iterator[Statement]:
    for node in body:
        blocks = [
            block
            for field in ("body", "orelse", "finalbody", "handlers", "cases")
            for block in getattr(node, field, [])
        ]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not blocks:
            yield _statement([node], package)
            continue
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from _statements(_inner(blocks), package)
        else:
            yield from _statements(node.orelse, package)
        yield _statement([child for child in ast.iter_child_nodes(node) if child not in blocks],
                         package, acts=True)  # fmt: skip


def _inner(blocks: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    for block in blocks:
        if isinstance(block, ast.ExceptHandler | ast.match_case):
            yield from block.body
        elif isinstance(block, ast.stmt):
            yield block


def _statement(nodes: list[ast.AST], package: str, acts: bool = False) -> Statement:
    binds, uses, imports = set[str](), set[Chain](), list[Import]()
    declared, changes, decorators = set[str](), set[str](), set[str]()
    for part in (part for node in nodes for part in _walk(node)):
        if isinstance(part, ast.Import | ast.ImportFrom):
            imports += _imports(part, package)
        elif isinstance(part, ast.Call):
            imports += _import_by_call(part, package)
        elif isinstance(part, ast.Name | ast.Attribute | ast.Subscript):
            chain = _chain(part)[:MOST_NAMES]
            if isinstance(part.ctx, ast.Load):
                uses.add(chain)
            else:  # `Loss.gamma = 2` changes what Loss is
                binds.add(chain[0])
                changes.update(() if isinstance(part, ast.Name) else chain[:1])
        elif isinstance(part, ast.Global):
            declared.update(part.names)
    definition = nodes[0] if nodes else ast.Pass()
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        binds = {definition.name}  # its other names are its own
        changes = set()  # of a function: not before it is called
        decorators = {_chain(_called(part))[0] for part in definition.decorator_list}
    elif isinstance(definition, ast.Import | ast.ImportFrom):
        binds = {entry.bound for entry in imports}
    elif not isinstance(definition, ast.Assign | ast.AnnAssign | ast.Pass):
        acts = True
    bound = frozenset(binds | declared)
    sets = frozenset(changes), frozenset(decorators)
    return Statement(bound, frozenset(uses), tuple(imports), acts, *sets)


def _called(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Call):
        node = node.func
    return node


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes, of a chain a.b.c only the whole, and no literal documentation."""
    yield node
    if isinstance(node, ast.Attribute):
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            yield from _walk(node)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _chain(node: ast.AST) -> Chain:
    names: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        else:
            names.clear()
        node = node.value
    return (node.id if isinstance(node, ast.Name) else "", *reversed(names))


def _imports(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[Import]:
    if isinstance(node, ast.ImportFrom):
        module = absolute(node.module or "", node.level, package)
        for alias in node.names if module else ():
            yield Import(module, alias.name, alias.asname or alias.name)
        return
    for alias in node.names:
        first = alias.name.partition(".")[0]
        if alias.asname or first == alias.name:
            yield Import(alias.name, "", alias.asname or alias.name)
        else:  # `import a.b` binds a
            yield Import(first, "", first)
            yield Import(alias.name, "", "")


def _import_by_call(node: ast.Call, package: str) -> Iterator[Import]:
    """Yield what import_module("name") and __import__("name") import."""
    function = _chain(node.func)[-1]
    if function not in ("import_module", "__import__") or not node.args:
        return
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        level = len(first.value) - len(first.value.lstrip("."))
        if module := absolute(first.value.lstrip("."), level, package):
            yield Import(module, "*", "")


def absolute(module: str, level: int, package: str) -> str:
    """Return the absolute name of a module behind so many dots; '' if there is none."""
    if not level:
        return module
    parts = package.split(".") if package else []
    if level - 1 >= len(parts):
        return ""
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])
