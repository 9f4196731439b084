"""Downloads from a server on this machine; the network is never used."""

from __future__ import annotations

import errno
import gc
import hashlib
import io
import os
import pickle
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision.models import Inception_V3_Weights, ResNet18_Weights

from benchmark.model import official
from benchmark.model.bundled.dequantise import bundled_state
from benchmark.model.inception_v3 import INCEPTION_V3, InceptionV3
from benchmark.model.network import build_network
from benchmark.model.resnet18 import RESNET18
from benchmark.model.weights import load_weights

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="module")
def content() -> bytes:
    """A file with all tensors of InceptionV3."""
    buffer = io.BytesIO()
    torch.save(bundled_state(), buffer)
    return buffer.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch.hub cache, and no proxy on the way to this machine."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(official, "_temporary", {})
    return tmp_path / "torch" / "hub" / "checkpoints"


def set_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the official weights of InceptionV3 be at another address."""
    monkeypatch.setattr(InceptionV3, "official", replace(InceptionV3.official, url=url))


def official_file() -> tuple[Path, str]:
    return official.official_file(INCEPTION_V3.official, timeout=10)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Start a download server: serve(answer, expected content) -> the file's name."""
    servers = []

    def start(answer: Answer, expected: bytes, head: Answer | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def do_HEAD(self) -> None:
                (head or respond)(self)

            def log_message(self, *ignored: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # a client that hangs up is expected here
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        name = f"inception-{hashlib.sha256(expected).hexdigest()[:8]}.pth"
        set_address(monkeypatch, f"http://127.0.0.1:{server.server_port}/{name}")
        return name

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def respond(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()


def send(content: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def send_slowly(content: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for part in range(20):
            request.wfile.write(content[part::20])
            time.sleep(0.05)

    return answer


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(30)


def stall(request: BaseHTTPRequestHandler) -> None:
    respond(request)
    request.wfile.write(b"x")
    request.wfile.flush()
    time.sleep(30)


def refuse(request: BaseHTTPRequestHandler) -> None:
    request.send_error(405)


def not_found(request: BaseHTTPRequestHandler) -> None:
    request.send_error(404)


def test_the_official_addresses_are_torchvisions() -> None:
    assert Inception_V3_Weights.IMAGENET1K_V1.url == INCEPTION_V3.official.url
    assert ResNet18_Weights.IMAGENET1K_V1.url == RESNET18.official.url
    assert official._expected_hash(INCEPTION_V3.official.url) == "0cc3c7bd"


def test_auto_downloads_once_and_then_uses_the_cache(
    cache: Path, serve: Callable, content: bytes
) -> None:
    requests = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        requests.append(request.path)
        send(content)(request)

    name = serve(answer, content)
    first, second = load_weights("auto"), load_weights("imagenet")
    assert requests == [f"/{name}"]
    assert (cache / name).read_bytes() == content
    assert first.sha256 == second.sha256
    assert first.message == second.message == ""
    assert "ImageNet" in first.name
    build_network(INCEPTION_V3, first.read())  # loads strictly


def test_a_damaged_file_is_downloaded_again_with_a_note(
    cache: Path, serve: Callable, content: bytes
) -> None:
    name = serve(send(content), content)
    cache.mkdir(parents=True)
    (cache / name).write_bytes(content[:-1])
    weights = load_weights("auto")
    assert "damaged" in weights.message
    assert "again" in weights.message
    assert (cache / name).read_bytes() == content


def test_what_killed_downloads_left_is_removed(cache: Path, serve: Callable) -> None:
    name = serve(send(b"weights"), b"weights")
    cache.mkdir(parents=True)
    old, new = (cache / f"{name}.{part}.partial" for part in ("0a", "0b"))
    for part in (old, new):
        part.write_bytes(b"wei")
    os.utime(old, (1, 1))
    official_file()
    assert not old.exists()
    assert new.exists(), "another process may be at it"


def test_a_damaged_file_without_network_names_both_reasons(cache: Path, serve: Callable) -> None:
    name = serve(not_found, b"expected")
    cache.mkdir(parents=True)
    (cache / name).write_bytes(b"damaged")
    with pytest.raises(FileNotFoundError, match=rf"{name} is damaged.*404.*checkpoints.*bundled"):
        load_weights("imagenet")
    instead = load_weights("auto")
    assert "bundled" in instead.name
    assert f"{cache / name} is damaged" in instead.message
    assert "Not Found" in instead.message


def test_a_cached_file_is_checked_by_all_of_its_hash_once_it_was_seen(
    cache: Path, serve: Callable, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first 8 digits are published: other bytes with the same 8 were found here."""
    name = serve(send(content), content)
    official_file()
    kept = cache / f"{name}.sha256"
    assert kept.read_text() == f"{hashlib.sha256(content).hexdigest()}\n"
    (cache / name).write_bytes(b"other")
    other = hashlib.sha256(b"other").hexdigest()
    monkeypatch.setattr(official, "_expected_hash", lambda url: other[:8])
    with pytest.raises(OSError, match=f"{name} is damaged"):
        official_file()


@pytest.mark.parametrize("kept", [b"0" * 64, b"\xff", b""])
def test_a_damaged_hash_costs_a_download(cache: Path, serve: Callable, kept: bytes) -> None:
    name = serve(send(b"weights"), b"weights")
    official_file()
    (cache / f"{name}.sha256").write_bytes(kept)
    assert "was downloaded again" in official_file()[1]
    assert official_file() == (cache / name, "")


def test_a_file_that_was_put_there_is_checked_from_then_on(cache: Path, serve: Callable) -> None:
    name = serve(not_found, b"weights")
    cache.mkdir(parents=True)
    (cache / name).write_bytes(b"weights")
    assert official_file() == (cache / name, "")
    assert (cache / f"{name}.sha256").exists()


@pytest.mark.parametrize(
    ("answer", "head", "timeout", "reason"),
    [
        (send(b"a login page"), respond, 10, "something else"),
        (not_found, respond, 10, "404"),
        (not_found, not_found, 10, "404"),
        (send(b""), hang, 0.05, r"no answer for 0\.05 s|timed out"),
        (stall, respond, 0.3, "timed out"),
    ],
    ids=["wrong hash", "not found", "not found at once", "hanging", "stalling"],
)
def test_a_failed_download_is_given_up_with_the_reason(
    cache: Path, serve: Callable, answer: Answer, head: Answer, timeout: float, reason: str
) -> None:
    name = serve(answer, b"expected", head)
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match=reason):
        load_weights("imagenet", timeout=timeout)
    assert time.monotonic() - start < 8
    assert not cache.exists() or list(cache.iterdir()) == [], name


def test_a_slow_server_is_waited_for_while_it_sends(cache: Path, serve: Callable) -> None:
    content = bytes(range(100))
    sent = b"".join(content[part::20] for part in range(20))
    name = serve(send_slowly(content), sent)
    answered = official.official_file(INCEPTION_V3.official, timeout=0.5)  # it takes 1 s
    assert answered == (cache / name, "")
    assert (cache / name).read_bytes() == sent


def test_a_server_that_answers_downloads_alone_is_used(cache: Path, serve: Callable) -> None:
    name = serve(send(b"weights"), b"weights", refuse)
    assert official_file() == (cache / name, "")


def make_unwritable(cache: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let nothing be made in the torch.hub cache; root could write into a read-only folder."""
    make_folder = Path.mkdir

    def mkdir(path: Path, *rest: object, **options: object) -> None:
        if path.is_relative_to(cache):
            raise OSError(number, os.strerror(number))
        make_folder(path, *rest, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_weights_that_cannot_be_stored_are_used_all_the_same(
    cache: Path, serve: Callable, content: bytes, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    requests = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        requests.append(request.path)
        send(content)(request)

    name = serve(answer, content)
    make_unwritable(cache, monkeypatch, number)
    weights = load_weights("auto")
    assert "ImageNet" in weights.name
    assert f"can't be stored in {cache} ({os.strerror(number)})" in weights.message
    assert "set TORCH_HOME" in weights.message
    again = load_weights("imagenet")
    assert requests == [f"/{name}"]
    assert again == replace(weights, fetch=again.fetch)
    other_process = pickle.loads(pickle.dumps(weights))
    build_network(INCEPTION_V3, other_process.read())


def test_a_temporary_file_is_removed_with_the_process(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = serve(send(b"weights"), b"weights")
    make_unwritable(cache, monkeypatch, errno.EACCES)
    path, _ = official_file()
    assert path.read_bytes() == b"weights"
    assert path.name == name
    official._temporary.clear()
    gc.collect()
    assert not path.parent.exists()


def test_a_full_disk_is_noticed_before_the_download(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(send(b"weights"), b"weights")
    usage = shutil.disk_usage

    def disk_usage(path: Path) -> object:
        return usage(path)._replace(free=0) if path == cache else usage(path)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    path, note = official_file()
    assert path.read_bytes() == b"weights"
    assert os.strerror(errno.ENOSPC) in note
    assert list(cache.iterdir()) == []


def test_without_any_place_the_reason_is_named(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(send(b"weights"), b"weights")
    full = shutil.disk_usage(cache.parents[2])._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(FileNotFoundError, match=f"{os.strerror(errno.ENOSPC)}.*or choose 'bund"):
        load_weights("imagenet")
    weights = load_weights("auto")
    assert "bundled" in weights.name
    assert os.strerror(errno.ENOSPC) in weights.message


def test_nobody_has_a_home_and_the_weights_are_used_all_the_same(
    serve: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(official, "_temporary", {})
    monkeypatch.setenv("TORCH_HOME", "~nobody-of-this-name/torch")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.chdir(tmp_path)
    serve(send(b"weights"), b"weights")
    path, note = official_file()
    assert path.read_bytes() == b"weights"
    assert "there is no home folder" in note
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_read_is_downloaded_again(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = serve(send(b"weights"), b"weights")
    cache.mkdir(parents=True)
    (cache / name).write_bytes(b"weights")
    open_path = Path.open

    def refuse_to_open(path: Path, *rest: object) -> object:
        if path == cache / name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_path(path, *rest)

    monkeypatch.setattr(Path, "open", refuse_to_open)
    assert "can't be read: Permission denied; it was" in official_file()[1]


def test_a_refused_connection_gives_bundled_weights_with_a_note(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_address(monkeypatch, "http://127.0.0.1:9/inception-00000000.pth")
    weights = load_weights("auto")
    assert weights.sha256 == load_weights("bundled").sha256
    assert "refused" in weights.message
    assert "bundled" in weights.message
    assert "weaker" in weights.message


def test_a_name_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # a socket's own time-out does not cover this; the wait for the thread does
    monkeypatch.setattr(official, "urlopen", lambda *_, **__: time.sleep(30))
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="no answer"):
        official.wait_for_answer("https://example.org", timeout=0.05)
    assert time.monotonic() - start < 5
