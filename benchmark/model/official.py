"""The official ImageNet weights: from torch.hub's cache, or downloaded without ever hanging."""

from __future__ import annotations

import hashlib
import queue
import sys
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen

from benchmark.storage.atomic import atomic

# that of torchvision's Inception_V3_Weights.IMAGENET1K_V1, whose import takes 2 s and .1 GB
URL = "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth"
LONGEST = 60  # a download may take this many time-outs in all: 5 minutes for 104 MB by default


def official_file(timeout: float) -> tuple[Path, str]:
    """Return the official weights' file, its hash checked, and a note for the user ('' if none).

    The file lies in torch.hub's cache. torch.hub checks a hash only when it downloads; here a
    cached file that does not match the sha256 prefix in its name is downloaded again.

    Parameters
    ----------
    timeout
        Seconds without an answer, or without a byte, after which a download is given up.

    Raises
    ------
    OSError
        If there is no intact file and none can be downloaded; says why.
    """
    path, note = cached_file(), ""
    if path.is_file():
        if _is_intact(path.read_bytes()):
            return path, ""
        note = f"{path} is damaged: its sha256 does not begin with {_expected()}"
    try:
        content = download(URL, timeout)
    except OSError as reason:
        raise OSError("; ".join(filter(None, (note, str(reason))))) from reason
    if not _is_intact(content):
        raise OSError(f"{URL} answered with something else: its sha256 is not {_expected()}…")
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path, f"{note}; it was downloaded again" if note else ""


def cached_file() -> Path:
    """Return where torch.hub keeps the file, there or not."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / URL.rpartition("/")[2]


def download(url: str, timeout: float) -> bytes:
    """Return what `url` holds.

    Reading happens in a thread that is left behind when it stalls: a socket's own time-out covers
    neither the look-up of a name nor a host with many unreachable addresses.

    Raises
    ------
    OSError
        If the server refuses, answers with an error, is silent for `timeout` seconds, or is so slow
        that the whole takes `LONGEST` times as long.
    """
    arrived: queue.Queue[bytes | Exception] = queue.Queue()
    given_up = threading.Event()

    def read() -> None:
        try:
            request = Request(url, headers={"User-Agent": "imbalance-bench"})
            with urlopen(request, timeout=timeout) as response:
                while not given_up.is_set():
                    chunk = response.read1(1 << 20)
                    arrived.put(chunk)
                    if not chunk:
                        return
        except Exception as error:
            arrived.put(error)

    threading.Thread(target=read, daemon=True).start()
    content = bytearray()
    deadline = time.monotonic() + LONGEST * timeout
    try:
        while time.monotonic() < deadline:
            chunk = arrived.get(timeout=timeout)
            if isinstance(chunk, Exception):
                raise OSError(f"{url}: {str(chunk).strip('<>')}") from chunk
            if not chunk:
                return bytes(content)
            if not content:
                print(f"Downloading {url} …", file=sys.stderr)
            content += chunk
    except queue.Empty:
        raise TimeoutError(f"{url}: nothing arrived for {timeout:g} s") from None
    finally:
        given_up.set()
    raise TimeoutError(f"{url}: too slow, given up after {LONGEST * timeout:g} s")


def _is_intact(content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest().startswith(_expected())


def _expected() -> str:
    """Return the beginning of the sha256, which torchvision writes into the file's name."""
    return URL.rpartition("-")[2].removesuffix(".pth")
