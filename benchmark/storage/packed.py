"""Arrays as text in JSON: compressed, to the bit."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack_array(array: NDArray[Any]) -> dict[str, Any]:
    """Return type, shape and compressed bytes of an array of numbers.

    >>> unpack_array(pack_array(np.array([[1.5, np.nan]])))
    array([[1.5, nan]])
    """
    compressed = zlib.compress(np.ascontiguousarray(array).tobytes())
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "data": base64.b64encode(compressed).decode(),
    }


def unpack_array(packed: dict[str, Any]) -> NDArray[Any]:
    """Return the array of `pack_array`."""
    content = zlib.decompress(base64.b64decode(packed["data"]))
    return np.frombuffer(content, packed["dtype"]).reshape(packed["shape"]).copy()
