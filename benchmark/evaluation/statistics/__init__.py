"""Intervals and tests of scores and differences: from labels and predictions alone."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95  # of every interval
