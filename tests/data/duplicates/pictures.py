"""Generated pictures and the ways in which they are copied."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance


def make_photographs(number: int, size: tuple[int, int] = (160, 120), seed: int = 0):
    """Return pictures with soft shades, a few shapes and some noise, no two alike."""
    rng = np.random.default_rng(seed)
    return [_make_photograph(rng, size) for _ in range(number)]


def _make_photograph(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    shades = Image.fromarray(rng.integers(60, 200, (5, 6, 3), dtype=np.uint8))
    image = shades.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, w, h = rng.uniform(0, 1, 4) * (*size, *size) * (1, 1, 0.4, 0.4)
        draw.ellipse((x - w, y - h, x + w, y + h), fill=tuple(rng.integers(0, 256, 3).tolist()))
    noise = rng.normal(0, 6, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return an image as the bytes of a file."""
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _resized(share: float) -> Callable[[Image.Image], bytes]:
    def copy(image: Image.Image) -> bytes:
        small = (round(image.width * share), round(image.height * share))
        return encode(image.resize(small, Image.Resampling.LANCZOS), "JPEG", quality=85)

    return copy


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((64, 64))
    return encode(small, "JPEG", quality=85)


def _turned(image: Image.Image) -> bytes:
    """Lay the pixels on their side, with the EXIF mark that sets them upright."""
    exif = Image.Exif()
    exif[274] = 6
    return encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def _cropped(image: Image.Image) -> bytes:
    width, height = image.size
    return encode(image.crop((width // 100, height // 100, width * 99 // 100, height * 99 // 100)))


def _brighter(factor: float) -> Callable[[Image.Image], bytes]:
    return lambda image: encode(ImageEnhance.Brightness(image).enhance(factor))


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    **{f"JPEG {q}": lambda image, q=q: encode(image, "JPEG", quality=q) for q in (95, 75, 50, 30)},
    "WebP": lambda image: encode(image, "WEBP", quality=80),
    **{f"resized to {share:.0%}": _resized(share) for share in (0.75, 0.5, 0.25)},
    "thumbnail of 64 pixels": _thumbnail,
    "turned by EXIF": _turned,
    "cropped by 2 %": _cropped,
    "brighter": _brighter(1.1),
    "darker": _brighter(0.9),
    "grey": lambda image: encode(image.convert("L")),
}


def write_leaking_folder(root: Path) -> Path:
    """Write given splits of two classes; two test images are copies, one of another class."""
    pictures = iter(make_photographs(44, seed=3))
    for split, number in {"train": 12, "val": 4, "test": 4}.items():
        for kind in ("cat", "dog"):
            (root / split / kind).mkdir(parents=True)
            for index in range(number):
                (root / split / kind / f"{index}.png").write_bytes(encode(next(pictures)))
    first, second = make_photographs(2, seed=3)
    (root / "test/cat/copy.jpg").write_bytes(encode(first, "JPEG", quality=60))
    half = second.resize((80, 60))
    (root / "test/dog/other.png").write_bytes(encode(half))
    (root / "val/dog/same.png").write_bytes((root / "val/dog/0.png").read_bytes())
    return root
