"""`python -m tests.data.wheels.contact_sheet OUT.png` writes a picture of all wheels."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

from benchmark.data.wheels import Wheels
from benchmark.data.wheels.rims import DESIGNS


def contact_sheet(path: Path, per_class: int = 8, size: int = 128) -> None:
    """Write a PNG with a row of pictures for every design."""
    images = Wheels(per_class * len(DESIGNS), ratio=1).draw()
    margin, gap = size, max(1, size // 64)
    pitch = size + gap
    sheet = Image.new("RGB", (margin + per_class * pitch, len(DESIGNS) * pitch), "white")
    draw = ImageDraw.Draw(sheet)
    for index, label in enumerate(images.labels):
        row, column = divmod(index, per_class)
        sheet.paste(images.reader.image(index, size), (margin + column * pitch, row * pitch))
        if column == 0:
            name = images.classes[label].replace("_", " ")
            draw.text((gap, row * pitch + size / 2), name, "black", anchor="lm", font_size=size / 9)
    sheet.save(path, format="PNG", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.data.wheels.contact_sheet OUT.png")
    contact_sheet(Path(sys.argv[1]))
