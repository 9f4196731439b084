"""Which images must stay in one split: of one group, of the same bytes, of the same look."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def number_units(
    n: int,
    groups: np.ndarray | None,
    contents: np.ndarray | None,
    look_alikes: np.ndarray | None,
) -> np.ndarray:
    """Number the sets of `n` images that are connected by equal values of any key, (N,).

    Parameters
    ----------
    groups, contents, look_alikes
        (N,) int each; a content of -1 is not known, and connects nothing.
    """
    unit: np.ndarray = np.arange(n)
    for key in (groups, contents, look_alikes):
        if key is None:
            continue
        values, number = np.unique(key, return_inverse=True)
        if key is contents:
            unknown = key < 0  # it connects nothing
            number[unknown] = number.max() + 1 + np.arange(unknown.sum())
        if len(values) == n:
            continue
        # A graph of units and values: two images of one unit or of one value are linked through it.
        nodes = n + int(number.max()) + 1
        links = coo_array((np.ones(n, dtype=bool), (unit, n + number)), shape=(nodes, nodes))
        unit = connected_components(links, directed=False)[1][unit]
    return unit
