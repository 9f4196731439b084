from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import Inception_V3_Weights, inception_v3

from benchmark.model import official
from benchmark.model.bundled.dequantise import layout
from benchmark.model.inception_v3 import INCEPTION_V3, WEIGHTS
from benchmark.model.weights import _identity, load_weights

Answer = Callable[[BaseHTTPRequestHandler], None]


def state(dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """A whole torchvision state dict, classifiers included; each tensor is one number stretched."""
    with torch.device("meta"):
        model = inception_v3(weights=None, aux_logits=True, init_weights=False)
    return {
        name: torch.tensor(index / 64, dtype=dtype).expand(tensor.shape)
        for index, (name, tensor) in enumerate(model.state_dict().items())
    }


def packed(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch.hub cache, and no proxy on the way to this machine."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Start a fake download server: serve(answer, expected content) -> the file's name."""
    servers = []

    def start(answer: Answer, expected: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *ignored: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # a client that hangs up is expected here
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        name = f"inception-{hashlib.sha256(expected).hexdigest()[:8]}.pth"
        monkeypatch.setattr(official, "URL", f"http://127.0.0.1:{server.server_port}/{name}")
        return name

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(content: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(30)


def trickle(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(1000):
        request.wfile.write(b"x")
        time.sleep(0.01)


def not_found(request: BaseHTTPRequestHandler) -> None:
    request.send_error(404)


def test_the_official_address_is_torchvisions() -> None:
    assert Inception_V3_Weights.IMAGENET1K_V1.url == official.URL
    assert official._expected() == "0cc3c7bd"


def test_the_layout_is_torchvisions() -> None:
    classifiers = ("fc.", "AuxLogits.")
    assert layout() == {
        name: tuple(tensor.shape)
        for name, tensor in state().items()
        if not name.startswith(classifiers) and not name.endswith("num_batches_tracked")
    }


def test_auto_downloads_once_and_then_uses_the_cache(cache: Path, serve: Callable) -> None:
    content = packed(state())
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        send(content)(request)

    name = serve(answer, content)
    first, second = load_weights("auto"), load_weights("imagenet")
    assert asked == [f"/{name}"]
    assert (cache / name).read_bytes() == content
    assert first.sha256 == second.sha256
    assert first.message == second.message == ""
    assert "ImageNet" in first.name
    INCEPTION_V3.network(first.read())  # loads strictly


def test_damaged_cache_is_downloaded_again_and_said(cache: Path, serve: Callable) -> None:
    content = packed(state())
    name = serve(send(content), content)
    cache.mkdir(parents=True)
    (cache / name).write_bytes(content[:-1])
    weights = load_weights("auto")
    assert "damaged" in weights.message
    assert "again" in weights.message
    assert (cache / name).read_bytes() == content


def test_damaged_cache_without_network_names_both_reasons(cache: Path, serve: Callable) -> None:
    name = serve(not_found, b"expected")
    cache.mkdir(parents=True)
    (cache / name).write_bytes(b"damaged")
    with pytest.raises(FileNotFoundError, match=r"damaged.*404.*checkpoints.*bundled"):
        load_weights("imagenet")


@pytest.mark.parametrize(
    ("answer", "timeout", "reason"),
    [
        (send(b"a login page"), 10, "something else"),
        (not_found, 10, "404"),
        (hang, 0.05, r"nothing arrived for 0\.05 s|timed out"),
        (trickle, 2, r"too slow, given up after 0\.2 s"),
    ],
    ids=["wrong hash", "not found", "hanging", "trickling"],
)
def test_failed_download_is_given_up_with_the_reason(
    cache: Path,
    serve: Callable,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    timeout: float,
    reason: str,
) -> None:
    monkeypatch.setattr(official, "LONGEST", 0.1)
    name = serve(answer, b"expected")
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match=reason):
        load_weights("imagenet", timeout=timeout)
    assert time.monotonic() - start < 8
    assert not (cache / name).exists()


def test_refused_connection_gives_bundled_weights_and_says_so(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "URL", "http://127.0.0.1:9/inception-00000000.pth")
    weights = load_weights("auto")
    assert weights.sha256 == load_weights("bundled").sha256
    assert "refused" in weights.message
    assert "bundled" in weights.message
    assert "weaker" in weights.message


def test_name_resolution_that_hangs_is_given_up(
    cache: Path, serve: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a socket's own time-out does not cover this; the thread's watch does
    monkeypatch.setattr(official, "urlopen", lambda *_, **__: time.sleep(30))
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="nothing arrived"):
        official.download("http://example.invalid/x.pth", timeout=0.05)
    assert time.monotonic() - start < 5


def test_none_is_random_with_a_warning() -> None:
    weights = load_weights("none")
    assert weights.read() is None
    assert "nothing about fine-tuning" in weights.message


def test_every_file_of_the_same_weights_has_one_identity(tmp_path: Path) -> None:
    full, half = state(), state(torch.float16)
    timm = {name: t for name, t in full.items() if not name.endswith("num_batches_tracked")}
    wrapped = {"state_dict": {f"module.{name}": t for name, t in half.items()}, "epoch": 3}
    torch.save(full, tmp_path / "torchvision.pth")
    torch.save(wrapped, tmp_path / "checkpoint.pt")
    torch.save({"model": timm}, tmp_path / "timm.pth")
    body = {name: half[name].contiguous() for name in reversed(timm) if "AuxLogits" not in name}
    save_file(body, tmp_path / "timm.safetensors")
    loaded = [load_weights(str(path)) for path in sorted(tmp_path.iterdir())]
    assert [weights.name for weights in loaded] == [
        "checkpoint.pt",
        "timm.pth",
        "timm.safetensors",
        "torchvision.pth",
    ]
    assert len({weights.sha256 for weights in loaded}) == 1
    for weights in loaded:
        content = weights.read()
        assert content is not None
        assert {tensor.dtype for tensor in content.values()} == {torch.float32}
        assert not any(name.startswith(("fc.", "AuxLogits.")) for name in content)
    INCEPTION_V3.network(loaded[0].read())
    changed = full | {"Mixed_5b.branch1x1.bn.bias": full["Mixed_5b.branch1x1.bn.bias"] + 1}
    torch.save(changed, tmp_path / "changed.pth")
    assert load_weights(str(tmp_path / "changed.pth")).sha256 != loaded[0].sha256


def test_identity_ignores_order_and_memory_layout() -> None:
    kernel, bias = torch.rand(4, 3, 2, 2), torch.rand(4)
    first = {"kernel": kernel, "bias": bias}
    second = {"bias": bias, "kernel": kernel.to(memory_format=torch.channels_last)}
    assert _identity(first) == _identity(second)
    assert _identity(first) != _identity({"kernel": kernel, "other": bias})
    assert _identity(first) != _identity({"kernel": kernel.view(3, 4, 2, 2), "bias": bias})


def without(name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in state().items() if key != name}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            without("Mixed_5b.branch1x1.bn.bias"),
            r"Mixed_5b\.branch1x1\.bn\.bias missing, none unex",
        ),
        (state() | {"layer1.weight": torch.ones(1)}, r"none missing, layer1\.weight unexpected"),
        ({"conv1.weight": torch.ones(1)}, r"Conv2d_1a_3x3\.conv\.weight.* and \d+ more missing"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.ones(7)}, r"bn\.bias is .*\(7,\).*\(32,\)"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.ones(32).int()}, r"int32.*floating point"),
        (state() | {"Conv2d_1a_3x3.bn.bias": torch.full((32,), torch.nan)}, "NaN"),
        ([torch.ones(1)], "holds a list, no state dict"),
        (Path("a class that weights_only refuses"), "must hold tensors alone"),
    ],
    ids=["missing", "unexpected", "other model", "shape", "integers", "nan", "list", "pickle"],
)
def test_wrong_files_say_what_is_wrong(tmp_path: Path, content: object, says: str) -> None:
    torch.save(content, tmp_path / "wrong.pth")
    with pytest.raises(ValueError, match=says):
        load_weights(str(tmp_path / "wrong.pth"))


@pytest.mark.parametrize("name", ["x.pth", "x.pt", "x.safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02garbage" * 9], ids=["empty", "garbage"])
def test_unreadable_files_say_so(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read"):
        load_weights(str(tmp_path / name))


def test_other_file_types_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").touch()
    with pytest.raises(ValueError, match=r"\.pth, \.pt, \.safetensors"):
        load_weights(str(tmp_path / "weights.onnx"))


def test_no_such_file_lists_what_is_allowed() -> None:
    with pytest.raises(FileNotFoundError, match=r"'imagnet'.*auto, imagenet, bundled, none"):
        load_weights("imagnet")


def test_catalogue_names_every_spec() -> None:
    assert list(WEIGHTS) == ["auto", "imagenet", "bundled", "none", "PATH"]
