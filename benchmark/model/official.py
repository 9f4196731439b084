"""Official weights that torchvision offers: from torch.hub's cache, or downloaded."""

import errno
import hashlib
import os
import shutil
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import torch

from benchmark.model.weights_source import Address
from benchmark.storage.atomic import write_text
from benchmark.system.output import lasting_stderr

_DAY = 86_400.0  # seconds: longer than any download
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- a file system in memory, where there is one
# numbers of errors of a folder, and not of the network
_NOT_STORED = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOENT),
        *(errno.ENOTDIR, errno.EEXIST, errno.EIO, errno.EFBIG, errno.ENAMETOOLONG, errno.ELOOP),
    }
)


def official_file(address: Address, timeout: float) -> tuple[Path, str]:
    """Return the file of an address, and a note for the user ('' if there is none).

    The file lies in torch.hub's cache or, where that can't be written, in a temporary folder that
    lives as long as this process. torch.hub checks a hash only when it downloads, and only its
    first 32 bits, which are all that is published. Here a cached file is checked too, against the
    whole hash of the first time that it was seen, and downloaded again if it is damaged. The server
    has `timeout` seconds to answer, and later to send each piece of the file. OSError says why
    there is no file.
    """
    path, note, url = cached_file(address), "", address.url
    try:
        if path.is_file():
            if _is_known(path, url):
                return path, ""
            note = f"{path} is damaged: its sha256 is not that of the official file"
    except OSError as error:
        note = f"{path} can't be read: {error.strerror}"
    if url in _temporary:
        return _temporary[url].path, _temporary[url].note
    try:
        wait_for_answer(url, timeout)
        try:
            _download(address, path, timeout)
            with suppress(OSError):
                _known_hash_file(path).unlink(missing_ok=True)  # it may have been what was wrong
                _is_known(path, url)
        except OSError as error:
            if error.errno not in _NOT_STORED:
                raise
            _temporary[url] = _download_for_this_process(address, path, error, timeout)
            return _temporary[url].path, _temporary[url].note
    except OSError as reason:
        raise OSError("; ".join(filter(None, (note, str(reason))))) from reason
    return path, f"{note}; it was downloaded again" if note else ""


def cached_file(address: Address) -> Path:
    """Return the path of the file in torch.hub's cache, whether it exists or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / address.url.rpartition("/")[2]


def _is_known(path: Path, url: str) -> bool:
    """Return whether a file is that of the address; keep its whole hash the first time."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not sha256.startswith(_expected_hash(url)):
        return False
    known = _known_hash_file(path)
    try:
        return known.read_text(encoding="utf-8").strip() == sha256
    except FileNotFoundError:
        with suppress(OSError):  # of a folder that is read-only the first 32 bits must do
            write_text(known, f"{sha256}\n")
        return True
    except ValueError:  # it is no text any more
        return False


def _known_hash_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


@dataclass(frozen=True)
class _TemporaryFile:
    folder: TemporaryDirectory[str]  # which is removed when this process ends
    path: Path
    note: str


_temporary: dict[str, _TemporaryFile] = {}  # by address


def _download_for_this_process(
    address: Address, path: Path, reason: OSError, timeout: float
) -> _TemporaryFile:
    """Download to a temporary folder, of the disk or in memory, since `path` can't be written."""
    note = (
        f"The official weights can't be stored in {path.parent} ({reason.strerror}), so they are "
        "downloaded for each run: set TORCH_HOME to a folder that can be written."
    )
    for parent in (None, *filter(Path.is_dir, [_SHARED_MEMORY])):
        try:
            folder = TemporaryDirectory(prefix="imbalance-bench-weights-", dir=parent)
            temporary = Path(folder.name) / path.name
            _download(address, temporary, timeout)
            return _TemporaryFile(folder, temporary, note)
        except OSError as error:
            if error.errno not in _NOT_STORED:
                raise
    raise OSError(f"{path.parent} and the temporary folder can't store it: {reason.strerror}")


def wait_for_answer(url: str, timeout: float) -> None:
    """Return as soon as the server answers a request for the file; OSError after `timeout` seconds.

    A thread sends the request. It is abandoned if it stalls, because a socket's own time-out
    covers neither the look-up of a name nor a host with many unreachable addresses.
    """
    errors: list[Exception] = []

    def send_request() -> None:
        request = Request(url, method="HEAD", headers={"User-Agent": "torch.hub"})  # noqa: S310
        try:
            urlopen(request, timeout=timeout).close()  # noqa: S310 -- an address of this package
        except HTTPError:
            pass  # an answer too: a server may refuse this kind of request alone
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=send_request, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(f"{url}: no answer for {timeout:g} s")
    if errors:
        raise _with_url(url, errors[0])


def _download(address: Address, path: Path, timeout: float) -> None:
    """Download to `path`, which is written whole or not at all, and check the hash."""
    if path.parts[0].startswith("~"):
        raise OSError(errno.ENOENT, "there is no home folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    for part in path.parent.glob(f"{path.name}.*.partial"):  # torch.hub's, of a killed process
        if time.time() - part.stat().st_mtime > _DAY:
            part.unlink(missing_ok=True)
    # torch.hub would leave what it has behind
    if shutil.disk_usage(path.parent).free < address.size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    url, is_shown = address.url, lasting_stderr().isatty()
    print(f"Downloading {url} …", file=lasting_stderr())
    default_timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout)  # torch.hub sets none: a stalled server would block for ever
    try:
        torch.hub.download_url_to_file(url, str(path), _expected_hash(url), is_shown)
    except RuntimeError as error:
        raise OSError(
            f"{url} answered with something else: its sha256 does not begin with "
            f"{_expected_hash(url)}"
        ) from error
    except (OSError, HTTPException) as error:
        if isinstance(error, OSError) and error.errno in _NOT_STORED:
            raise
        raise _with_url(url, error) from error
    finally:
        socket.setdefaulttimeout(default_timeout)


def _with_url(url: str, error: Exception) -> OSError:
    return OSError(f"{url}: {str(error).strip('<>')}")


def _expected_hash(url: str) -> str:
    """Return the beginning of the sha256, which torchvision writes into the file's name."""
    return url.rpartition("-")[2].removesuffix(".pth")
