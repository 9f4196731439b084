"""Audits of labels without a network: what they found is given."""

from pathlib import Path

import numpy as np

from benchmark.data.duplicates.copies import SAME_LOOK, Copy
from benchmark.data.imageset import ImageSet, NoReader
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.store import Pixels
from benchmark.execution.label_audit import LabelAudit

SIZE = 16


def make_audit(
    labels,
    suspect=(),
    quality=None,
    suggested=None,
    *,
    classes=("cat", "dog", "emu"),
    files=None,
    conflicts=(),
    readable=None,
    sides=(32, 24),
    messages=(),
    not_judged=(),
    uncorrected=None,
):
    """Return an audit of N images with these labels; `suspect`, `not_judged` are their indices."""
    labels = np.array(labels)
    n = len(labels)
    files = files or tuple(f"{classes[c]}/{i}.jpg" for i, c in enumerate(labels))
    readable = np.arange(n) if readable is None else np.array(readable)
    images = ImageSet(
        name="pets",
        spec="pets/",
        description="Pets.",
        files=tuple(files),
        labels=labels,
        classes=tuple(classes),
        stamps=("",) * n,
        uncorrected=None if uncorrected is None else np.array(uncorrected),
        reader=NoReader(),
    )
    quality = np.linspace(0.1, 0.9, n) if quality is None else np.array(quality, float)
    suggested = (labels + 1) % len(classes) if suggested is None else np.array(suggested)
    is_judged = ~np.isin(np.arange(n), list(not_judged))
    is_suspect = np.isin(np.arange(n), list(suspect))
    return LabelAudit(
        images=images,
        pixels=make_pixels(n, sides),
        readable=readable,
        judged=is_judged[readable],
        suspect=is_suspect[readable],
        quality=np.where(is_judged, quality, np.nan)[readable],
        suggested=suggested[readable],
        network="inception_v3 at 128 px, weights: ImageNet",
        conflicts=tuple(Copy(b, a, SAME_LOOK) for a, b in conflicts),
        messages=messages,
    )


def make_pixels(n, sides):
    """Return N noisy images that were stored as squares."""
    info = ImageInfo(*sides, "RGB", "", "RGB", 0, 0, 255, 255, 255, False)
    noise = np.random.default_rng(0).integers(0, 256, (n, SIZE, SIZE, 3), np.uint8)
    return Pixels(
        array=noise,
        digests=tuple(map(str, range(n))),
        readable=np.ones(n, bool),
        messages=(),
        infos=dict.fromkeys(range(n), info),
        errors={},
        key="",
        decoding="",
        folder=Path(),
        lease=None,
    )
