"""Arrays that all strategies share, and that none of them may write to."""

from typing import Any

import numpy as np


class SharedArrays:
    """A dataclass that holds views of its arrays that can't be written to."""

    def __post_init__(self) -> None:
        self.__setstate__(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            self.__dict__[name] = read_only(value) if isinstance(value, np.ndarray) else value


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view of an array that can't be written to."""
    view = array.view()  # whoever has made the array may go on writing to it
    view.flags.writeable = False
    return view
