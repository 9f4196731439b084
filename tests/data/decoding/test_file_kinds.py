"""What a file is that holds no image."""

import gzip
import re
import struct

import numpy as np
import pytest
from PIL import Image

from benchmark.data.decoding.file_kinds import file_kind
from tests.data.stored import encoded

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


def boxes(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + bytes(4) + b"mif1heic" + bytes(200)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "the file is empty"),
        (POINTER, "Git LFS pointer.*git lfs pull"),
        (boxes(b"heic"), "HEIC, .*convert it to JPEG"),
        (boxes(b"mif1"), "HEIC"),
        (boxes(b"isom"), r"a video \(MP4\)"),
        (boxes(b"qt  "), r"a video \(QuickTime\)"),
        (boxes(b"crx "), r"raw file \(CR3\)"),
        (boxes(b"avif"), "AVIF"),
        (b"RIFF\0\0\0\0AVI LIST", r"a video \(AVI\)"),
        (b"\x1aE\xdf\xa3\x01", "a video"),
        (b"%PDF-1.7\n", "a PDF file"),
        (bytes(128) + b"DICM" + bytes(9), "a DICOM file"),
        (bytes(344) + b"n+1\0", "a NIfTI volume"),
        (gzip.compress(bytes(344) + b"n+1\0", mtime=0), r"gzip \(a NIfTI volume"),
        (gzip.compress(b"x" * 9, mtime=0)[:12], "packed by gzip: unpack"),
        (b"\x89HDF\r\n\x1a\n" + bytes(9), "an HDF5 file"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
        (b"PK\3\4" + bytes(30), "a ZIP archive"),
        (bytes(257) + b"ustar" + bytes(9), "a tar archive"),
        (b"\xff\x0a" + bytes(9), "a JPEG XL image"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(9), r"raw file \(CR2\)"),
        (bytes(3000), "all its bytes are zero"),
        (b"<!DOCTYPE html><html><body>404</body></html>", r"a web page \(HTML\)"),
        (b"\n <HTML lang='en'>", r"a web page \(HTML\)"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "an XML text.*begins"),
        (b'{"message": "rate limit"}', "a JSON text.*rate limit"),
        (b"404: Not Found", "text.*'404: Not Found'"),
        ("größe".encode("utf-16"), "text.*'größe'"),
        (b" \n\n", "text without a letter"),
        (b"\0\5\x16\7" + bytes(80), "macOS"),
    ],
)
def test_kinds(content, kind):
    assert re.search(kind, file_kind(content) or "not recognised")


def test_of_other_bytes_nothing_is_claimed():
    assert file_kind(np.random.default_rng(0).integers(128, 256, 5000, np.uint8).tobytes()) is None


def test_a_cut_tiff_and_one_of_other_channels_are_told_apart():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), "TIFF", compression="tiff_lzw")  # tags at its end
    assert "truncated" in file_kind(content[: len(content) // 2])
    entries = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 16), (277, 3, 1, 5), (339, 3, 1, 3)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    multi = b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)
    assert "a TIFF of 5 channels of 16 float bits" in file_kind(multi)


def test_the_quote_of_a_long_text_is_short():
    kind = file_kind(("word " * 5000).encode())
    assert len(kind) < 100
    assert kind.endswith("…'")
