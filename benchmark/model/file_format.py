"""What a file of weights is, by its content: its suffix proves nothing."""

import re
from codecs import BOM_UTF8
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from benchmark.system.text import first_names, printable, truncate

TORCH, SAFETENSORS = "torch.save", "safetensors"
NAMES_SHOWN = 4  # of possibly hundreds

_HEAD = 4096  # bytes at the start of a file
_MOST_SHOWN = 200  # characters
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # torch.save before torch 1.6
_SSTABLE_END = bytes.fromhex("57fb808b247547db")
_TENSORFLOW = "a TensorFlow checkpoint: only weights of PyTorch can be read"
# how a file begins, and what it is
_OTHERS = (
    (
        rb"version https://git-lfs",
        "a Git LFS pointer, not the weights: run `git lfs pull` in its repository",
    ),
    (
        rb"\s*<(!doctype\s+html|html)",
        "an HTML page, perhaps one to sign in, not the weights: download the file again",
    ),
    (rb"\s*<", "XML, perhaps the error of a server, not the weights: download the file again"),
    (
        rb"(?s)\s*\{.*\"weight_map\"",
        "a list of the files that hold the weights in parts: save them in one file",
    ),
    (rb"\s*[\[{]", "JSON, perhaps the error of a server, not the weights: download the file again"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes: only weights of PyTorch can be read"),
    (rb"\x93NUMPY", "a NumPy array: save a dict of tensors by name, with torch.save"),
    (rb"(?s).{257}ustar", "a tar archive: unpack it, and give the file of weights in it"),
    (
        rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd",
        "compressed: unpack it, and give the file of weights in it",
    ),
    (rb"(?s).{4}TFL3", "a TensorFlow Lite model: only weights of PyTorch can be read"),
    (rb"(?s)\n.*\x12.*(Placeholder|Const)\W", _TENSORFLOW.replace("checkpoint", "graph")),
    (rb"model_checkpoint_path", _TENSORFLOW),
    (rb"\x08\x01\x12[\x80-\xff]", _TENSORFLOW.replace("checkpoint", "SavedModel")),
    # the length of the second field, and the first that is in it
    (
        rb"\x08[\x01-\x1f]\x12[\x80-\xff]*[\0-\x7f]\n",
        "a Core ML model: only weights of PyTorch can be read",
    ),
    (rb"\x08[\x01-\x1f][\x12\x3a]", "an ONNX model: only weights of PyTorch can be read"),
    (rb"GGUF", "a GGUF model: only weights of torch.save or safetensors can be read"),
    (
        rb"\x80[\x02-\x05]",
        "a pickle that torch.save did not write: save a dict of tensors by name, with torch.save",
    ),
)


def weights_format(path: Path) -> str:
    """Return TORCH or SAFETENSORS; ValueError says what a file of another kind is."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(max(0, size - len(_SSTABLE_END)))
        tail = file.read()
    header = int.from_bytes(head[:8], "little")
    if head.startswith(b"PK\x03\x04"):
        return _check_zip(path)
    if head.startswith(_LEGACY):
        return TORCH
    if head[8:9] == b"{" and head[7:8] == b"\0":
        if size < 8 + header:
            raise ValueError(f"weights file {path} ends too early: download or copy it again")
        return SAFETENSORS
    raise ValueError(f"weights file {path} {_describe(path, head, tail)}")


def excerpt(text: str) -> str:
    """Return text from a file for one line of a message: escaped and cut."""
    return truncate(printable(text), _MOST_SHOWN)


def _check_zip(path: Path) -> str:
    """Return TORCH for an archive of torch.save; ValueError for any other."""
    try:
        with ZipFile(path) as archive:
            records = archive.infolist()
    except BadZipFile:
        raise ValueError(
            f"weights file {path} ends too early, like half a download: download or copy it again"
        ) from None
    names = [record.filename for record in records]
    ends = {name.partition("/")[2] or name for name in names}
    if "constants.pkl" in ends:
        raise ValueError(
            f"weights file {path} is a TorchScript program; save its weights: "
            f"torch.save(torch.jit.load({path.name!r}).state_dict(), 'weights.pth')"
        )
    if "data.pkl" in ends:
        # torch would unpack them to any size, and read bytes that several records share again
        is_packed = any(record.compress_type != ZIP_STORED for record in records)
        if is_packed or sum(record.file_size for record in records) > path.stat().st_size:
            raise ValueError(
                f"weights file {path} holds compressed or overlapping records, which torch.save "
                "does not write: load it where it was made, and save it again with torch.save"
            )
        return TORCH
    if "archive_format" in ends:
        what = "a program of torch.export: save the state_dict() of its module with torch.save"
    elif any(name.endswith(".weights.h5") for name in names):
        what = "a Keras model: only weights of PyTorch can be read"
    elif names and all(name.endswith(".npy") for name in names):
        what = "an archive of NumPy arrays: save a dict of tensors by name, with torch.save"
    else:
        listing = excerpt(first_names(names, NAMES_SHOWN) or "nothing")
        what = f"a ZIP archive that holds {listing}: unpack it, and give the file of weights in it"
    raise ValueError(f"weights file {path} is {what}")


def _describe(path: Path, head: bytes, tail: bytes) -> str:
    if not head:
        return "is empty: download or copy it again"
    if tail == _SSTABLE_END or re.search(r"\.data-\d{5}-of-\d{5}$", path.name):
        return f"is {_TENSORFLOW}"
    for beginning, what in _OTHERS:
        if re.match(beginning, head.removeprefix(BOM_UTF8), re.IGNORECASE):
            return f"is {what}"
    if not head.strip(b"\0"):
        return "begins with zeros alone, like a copy that failed: download or copy it again"
    try:
        start = excerpt(head[:60].decode("ascii"))
    except UnicodeDecodeError:
        start = head[:8].hex(" ")
    return f"was written neither by torch.save nor by safetensors: it begins with {start}"
