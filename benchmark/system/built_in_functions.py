"""Python's built-in functions, without which nothing here can clean up: they are set back first."""

import builtins
from typing import Any

_ABSENT = object()


class BuiltInFunctions:
    """What is built in now, such as `len`."""

    def __init__(self) -> None:
        self._before = dict(builtins.__dict__)
        self.replaced: dict[str, Any] = {}  # what was found in place of what is built in

    def set_back(self) -> None:
        """Set back what was replaced or deleted; this works with none of them."""
        now = builtins.__dict__
        for name, value in self._before.items():
            # `_` is what an interactive session has printed last
            if name != "_" and now.get(name, _ABSENT) is not value:
                self.replaced[name] = now.get(name, _ABSENT)
                now[name] = value
