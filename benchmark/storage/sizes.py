"""Sizes in bytes, read and written: `20GB`, `1.5TB`, `512MiB`."""

import os
import re

UNITS = {
    **{"": 1, "B": 1},
    **{"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12},
    **{"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40},
}


def parse_size(text: str) -> int:
    """Return the bytes that `text` names: a number with a unit of UNITS, in upper or lower case.

    Raises
    ------
    ValueError
        If it is no such number, or not above 0.
    """
    parts = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([A-Za-z]*)\s*", text)
    unit = UNITS.get(parts[2].upper(), 0) if parts else 0
    if parts and (size := int(float(parts[1]) * unit)) > 0:
        return size
    raise ValueError(
        f"size {text!r} is not allowed: give a number above 0 and a unit, like 20GB, 500MB, 1.5TB "
        f"or 16GiB, or bytes without a unit"
    )


def format_size(size: int) -> str:
    """Return `118 MB`, `1.2 GB`: 2 to 3 digits and a decimal unit."""
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"


def size_on_disk(status: os.stat_result) -> int:
    """Return the bytes that a file takes; where the system does not say, those that it holds."""
    blocks = getattr(status, "st_blocks", None)  # of 512 bytes; Windows has none
    return status.st_size if blocks is None else blocks * 512
