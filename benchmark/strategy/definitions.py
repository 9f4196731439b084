"""What a definition of a notebook or a script uses: other definitions, and values beside it."""

import dis
import inspect
import sys
import textwrap
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple


class Uses(NamedTuple):
    """What the code of a class or function comes to, through the names that it uses."""

    written: list[FunctionType]  # its own functions and those of other cells
    imported: list[Any]  # classes and functions of modules with a file
    modules: list[ModuleType]
    values: dict[str, Any]  # of global names, by name


def follow_definition(code: Any) -> Uses:
    """Follow the global names of a class or function, from one definition to the next."""
    uses = Uses([], [], [], {})
    pending, visited = [code], {id(code)}
    while pending:
        definition = pending.pop(0)
        functions = list(functions_of(definition))
        uses.written.extend(functions)
        uses.values.update(_class_values(definition))
        names = {name: value for f in functions for name, value in _global_values(f)}
        for name, value in sorted(names.items()):
            if isinstance(value, ModuleType):
                if value not in uses.modules:
                    uses.modules.append(value)
            elif not isinstance(value, type | FunctionType):
                if not isinstance(value, BuiltinFunctionType):
                    uses.values[name] = value
            elif id(value) not in visited:
                visited.add(id(value))
                (pending if is_in_memory(value) else uses.imported).append(value)
    return uses


def is_in_memory(code: type | FunctionType) -> bool:
    """Whether a class or function was defined in a script, a notebook or at a prompt."""
    module = sys.modules.get(code.__module__)
    has_file = getattr(module, "__file__", None) or getattr(module, "__spec__", None)
    return code.__module__ == "__main__" or not has_file


def functions_of(code: Any) -> Iterator[FunctionType]:
    """Yield a function without its decorators; of a class its methods and those of its bases."""
    members = [code] if inspect.isfunction(code) else [m for _, m in _members(code)]
    for member in members:
        for attribute in ("__func__", "fget", "func"):  # static methods, properties
            member = getattr(member, attribute, None) or member
        if inspect.isfunction(member):
            function = inspect.unwrap(member)
            # @dataclass adds methods that follow from the fields
            if function.__code__.co_filename != "<string>":
                yield function


def _members(code: type) -> Iterator[tuple[str, Any]]:
    for kind in filter(is_in_memory, code.__mro__):
        yield from vars(kind).items()


def _class_values(code: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a class that are neither methods nor fields of a dataclass."""
    fields = getattr(code, "__dataclass_fields__", ())
    for name, value in _members(code) if isinstance(code, type) else ():
        plain = not callable(value) and not hasattr(value, "__get__")
        if plain and name not in fields and not name.startswith(("__", "_abc_")):
            yield f"{code.__qualname__}.{name}", value


def source_of(function: FunctionType) -> str:
    """Return the text of a function; OSError if there is none."""
    return textwrap.dedent(inspect.getsource(function))


def _global_values(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the names of a function that are bound outside it, and their values."""
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for instruction in dis.get_instructions(code):
            name = instruction.argval
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") and name in function.__globals__:
                yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if name != "__class__" and (contents := _contents(cell)):
            yield name, contents[0]


def _contents(cell: Any) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # nothing is bound yet
        return ()
