"""A small folder of images with all that a summary tells."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.data.sources import open_data
from benchmark.data.summary import DataSummary, summarise_data


def summarise_fruit(folder: Path) -> DataSummary:
    """Summarise two classes with groups, copies, a grey image and a broken one."""
    root = folder / "fruit [ripe]"
    rng = np.random.default_rng(0)
    for kind, n in (("apple", 10), ("pear", 4)):
        (root / kind).mkdir(parents=True)
        for number in range(n):
            noise = rng.integers(0, 256, (6, 8 + number, 3), dtype=np.uint8)
            Image.fromarray(noise).save(root / kind / f"{kind}{number}.png")
    Image.new("L", (30, 40), 7).save(root / "pear/grey.png")
    (root / "apple/copy.png").write_bytes((root / "apple/apple0.png").read_bytes())
    (root / "pear/apple.png").write_bytes((root / "apple/apple1.png").read_bytes())
    (root / "pear/broken.png").write_bytes(b"x")
    (root / "groups.csv").write_text("file,group\napple2.png,tree\napple3.png,tree\n")
    return summarise_data(open_data(str(root)))
