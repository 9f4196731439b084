"""Arrays that all strategies share, and that none of them may write to."""

from typing import Any

import numpy as np


def hold_read_only(owner: Any) -> None:
    """Let an object hold views of its arrays that can't be written to."""
    for name, value in vars(owner).items():
        if isinstance(value, np.ndarray) and value.flags.writeable:
            view = value.view()  # whoever has made the array may go on writing to it
            view.flags.writeable = False
            owner.__dict__[name] = view
