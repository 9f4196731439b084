"""Copies of what strangers' code may change while it runs."""

import copy
from typing import TypeVar

T = TypeVar("T")


def own_copy(value: T) -> T:
    """Return a copy in all its depth: nobody else gets what is changed in it.

    What can't be copied, like a lock, is returned as it is.
    """
    try:
        return copy.deepcopy(value)
    except Exception:  # whatever the objects in it raise
        return value
