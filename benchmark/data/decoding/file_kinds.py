"""What a file is that holds no image, by its first bytes: people give files any name."""

import gzip
import re
import struct
import zlib
from collections.abc import Callable
from io import BytesIO

from PIL import TiffImagePlugin

from benchmark.system.text import pluralize, truncate

# what stands at the begin of a file, or after so many bytes -> what it is, and what to do
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs", "a Git LFS pointer, not the image: run `git lfs pull`"),
    (0, b"%PDF", "a PDF file: export its pages as PNG"),
    (128, b"DICM", "a DICOM file: export it as 16-bit PNG or TIFF"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file: write its images to files"),
    (0, b"CDF\x01", "a NetCDF file: write its images to files"),
    (0, b"\x93NUMPY", "a NumPy array (.npy): write its images to files"),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file: write its images to files"),
    (344, b"n+1\0", "a NIfTI volume: export its slices as images"),
    (344, b"ni1\0", "a NIfTI volume: export its slices as images"),
    (0, b"\xff\x0a", "a JPEG XL image: convert it to JPEG or PNG"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image: convert it to JPEG or PNG"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file (RAF): develop it to JPEG or TIFF"),
    (0, b"IIRO", "a camera's raw file (ORF): develop it to JPEG or TIFF"),
    (0, b"IIRS", "a camera's raw file (ORF): develop it to JPEG or TIFF"),
    (0, b"IIU\0", "a camera's raw file (RW2): develop it to JPEG or TIFF"),
    (8, b"CR\x02\0", "a camera's raw file (CR2): develop it to JPEG or TIFF"),
    (0, b"FOVb", "a camera's raw file (X3F): develop it to JPEG or TIFF"),
    (8, b"AVI ", "a video (AVI): extract its frames"),
    (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM): extract its frames"),
    (0, b"\0\0\x01\xba", "a video (MPEG): extract its frames"),
    (0, b"\0\0\x01\xb3", "a video (MPEG): extract its frames"),
    (0, b"FLV\x01", "a video (FLV): extract its frames"),
    (8, b"WAVE", "a sound (WAV)"),
    (0, b"PK\x03\x04", "a ZIP archive, or an Office document: unpack it"),
    (257, b"ustar", "a tar archive: unpack it"),
    (0, b"Rar!", "a RAR archive: unpack it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"),
    (0, b"\xfd7zXZ\0", "a file packed by xz: unpack it"),
    (0, b"BZh", "a file packed by bzip2: unpack it"),
    (0, b"\0\x05\x16\x07", "the companion that macOS adds to a file (`._…`): remove it"),
    (0, b"\xd0\xcf\x11\xe0", "a file of Windows or Office (Thumbs.db?): remove it"),
    (0, b"%!PS", "a PostScript drawing: export it as PNG"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript drawing with a preview (EPS): export it as PNG"),
    (0, b"\x1b%-12345X", "a job for a printer: export it as PNG"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF): export it as PNG"),
    (40, b" EMF", "a Windows metafile (EMF): export it as PNG"),
    (0, b"SIMPLE  =", "a FITS file: export it as 16-bit PNG or TIFF"),
    (0, b"GRIB", "a GRIB file: export its fields as 16-bit PNG or TIFF"),
    (0, b"BUFR", "a BUFR file: it holds no images"),
    (0, b"icns", "an icon of macOS (ICNS): convert it to PNG"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program of Windows"),
    (0, b"bplist", "a property list of macOS, not the image"),
    (0, b"SQLite format 3", "an SQLite database"),
)
# the brand of a file of boxes, as in MP4 -> what it is
_BRANDS = {
    "heic heix heim heis hevc hevx mif1 msf1 hevm hevs": (
        "HEIC, the format of Apple's phones: convert it to JPEG or PNG"
    ),
    "avif avis": "an AVIF image that Pillow can't read: convert it to JPEG or PNG",
    "crx": "a camera's raw file (CR3): develop it to JPEG or TIFF",
    "qt": "a video (QuickTime): extract its frames",
}
_HEAD = 4096  # bytes of a text that are looked at
_QUOTED = 40  # characters of a text that are quoted


def file_kind(content: bytes) -> str | None:
    """Say what a file without an image is and what to do; None if its bytes tell nothing.

    >>> file_kind(b"%PDF-1.7")
    'a PDF file: export its pages as PNG'
    """
    if not content:
        return "the file is empty"
    for start, signature, name in _SIGNATURES:
        if content.startswith(signature, start):
            return name
    recognisers: tuple[Callable[[bytes], str | None], ...] = (_boxes, _packed, _tiff, _zeros, _text)
    return next((kind for recognise in recognisers if (kind := recognise(content))), None)


def _boxes(content: bytes) -> str | None:
    """Recognise HEIC and videos: the first box is called ftyp, its brand follows."""
    if content[4:8] != b"ftyp":
        return None
    brand = content[8:12].decode("ascii", "replace").strip()
    return next(
        (kind for brands, kind in _BRANDS.items() if brand in brands.split()),
        "a video (MP4): extract its frames",
    )


def _packed(content: bytes) -> str | None:
    if not content.startswith(b"\x1f\x8b"):
        return None
    try:
        head = gzip.GzipFile(fileobj=BytesIO(content)).read(_HEAD)
    except (OSError, EOFError, zlib.error):
        head = b""
    inside = file_kind(head) if head else None
    return f"a file packed by gzip ({inside})" if inside else "a file packed by gzip: unpack it"


def _tiff(content: bytes) -> str | None:
    """Say how the pixels of a TIFF are stored that Pillow can't read."""
    if content[:4] not in (b"II*\0", b"MM\0*"):
        return None
    (start,) = struct.unpack("<I" if content[0] == ord("I") else ">I", content[4:8].ljust(4, b"\0"))
    if start >= len(content):
        return "a TIFF image that is truncated: its end, with its table of contents, is missing"
    tags = TiffImagePlugin.ImageFileDirectory_v2(content[:8])
    stream = BytesIO(content)
    stream.seek(start)
    try:
        tags.load(stream)
        bits, samples = tags.get(258, (1,)), tags.get(277, 1)
    except Exception:  # damaged tags raise anything
        return None
    numbers = {2: "signed ", 3: "float "}.get(tags.get(339, (1,))[0], "")
    return (
        f"a TIFF of {pluralize(samples, 'channel', 'channels')} of {bits[0]} {numbers}bits, or of "
        "a compression that Pillow can't read (a camera's raw file?): convert it to 8-bit RGB or "
        "16-bit grey"
    )


def _zeros(content: bytes) -> str | None:
    return None if any(content) else "all its bytes are zero: a copy that failed; copy it again"


def _text(content: bytes) -> str | None:
    """Recognise SVG, web pages and texts, and quote how they begin."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content[:_HEAD].decode(encoding, "replace")
    text = text[:-4] if len(content) > _HEAD else text  # a letter may be cut at the end
    if any(letter == "�" or (letter < " " and letter not in "\t\n\r\f\x1b") for letter in text):
        return None
    begin = " ".join(text.split())
    if re.match(r"<svg|<\?xml.*?<svg|<!doctype svg", begin, re.IGNORECASE):
        return "an SVG drawing: export it as PNG"
    if re.match(r"<!doctype html|<html|<head|<body", begin, re.IGNORECASE):
        return "a web page (HTML), not the image: the download failed; get it again"
    if not begin:
        return "text without a letter"
    name = {"<": "an XML text", "{": "a JSON text", "[": "a JSON text"}.get(begin[0], "text")
    return f"{name}, not an image; it begins {truncate(begin, _QUOTED)!r}"
