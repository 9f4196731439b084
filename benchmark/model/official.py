"""The official ImageNet weights: from torch.hub's cache, or downloaded."""

import hashlib
import socket
import sys
import threading
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import torch

# that of torchvision's Inception_V3_Weights.IMAGENET1K_V1
URL = "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth"


def official_file(timeout: float) -> tuple[Path, str]:
    """Return the file with the official weights, and a note for the user ('' if there is none).

    The file lies in torch.hub's cache. torch.hub checks a hash only when it downloads. Here a
    cached file is checked too, and downloaded again if it is damaged. The server has `timeout`
    seconds to answer, and later to send each piece of the file. OSError says why there is no file.
    """
    path, note = cached_file(), ""
    if path.is_file():
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256.startswith(_expected_hash()):
            return path, ""
        note = f"{path} is damaged: its sha256 does not begin with {_expected_hash()}"
    try:
        wait_for_answer(timeout)
        _download(path, timeout)
    except OSError as reason:
        raise OSError("; ".join(filter(None, (note, str(reason))))) from reason
    return path, f"{note}; it was downloaded again" if note else ""


def cached_file() -> Path:
    """Return the path of the file in torch.hub's cache, whether it exists or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / URL.rpartition("/")[2]


def wait_for_answer(timeout: float) -> None:
    """Return as soon as the server answers a request for the file; OSError after `timeout` seconds.

    A thread sends the request. It is abandoned if it stalls, because a socket's own time-out
    covers neither the look-up of a name nor a host with many unreachable addresses.
    """
    errors: list[Exception] = []

    def send_request() -> None:
        request = Request(URL, method="HEAD", headers={"User-Agent": "torch.hub"})
        try:
            urlopen(request, timeout=timeout).close()
        except HTTPError:
            pass  # an answer too: a server may refuse this kind of request alone
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=send_request, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(f"{URL}: no answer for {timeout:g} s")
    if errors:
        raise _with_url(errors[0])


def _download(path: Path, timeout: float) -> None:
    """Download to `path`, which is written whole or not at all, and check the hash."""
    print(f"Downloading {URL} …", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    default_timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout)  # torch.hub sets none: a stalled server would block for ever
    try:
        torch.hub.download_url_to_file(URL, str(path), _expected_hash(), sys.stderr.isatty())
    except RuntimeError as error:
        raise OSError(
            f"{URL} answered with something else: its sha256 does not begin with {_expected_hash()}"
        ) from error
    except (OSError, HTTPException) as error:
        raise _with_url(error) from error
    finally:
        socket.setdefaulttimeout(default_timeout)


def _with_url(error: Exception) -> OSError:
    return OSError(f"{URL}: {str(error).strip('<>')}")


def _expected_hash() -> str:
    """Return the beginning of the sha256, which torchvision writes into the file's name."""
    return URL.rpartition("-")[2].removesuffix(".pth")
