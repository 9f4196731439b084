"""TensorBoard: what was written is read back, by TensorBoard itself where it is installed."""

import importlib
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from tests.tracking.tracked import NAME, tracked_run

WRITTEN = defaultdict(lambda: ({}, {}))


class Writer:
    """Keeps what is written, by folder."""

    def __init__(self, folder):
        self.scalars, self.texts = WRITTEN[Path(folder).name]

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        pass

    def add_scalar(self, name, value, step):
        self.scalars.setdefault(name, []).append((step, value))

    def add_text(self, name, text):
        self.texts[name] = text


def read_stand_in(folder):
    return dict(WRITTEN)


def read_real(folder):
    """Return scalars and texts of the events in each folder."""
    accumulators = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    result = {}
    for inner in folder.iterdir():
        events = accumulators.EventAccumulator(str(inner))
        events.Reload()
        scalars = {
            tag: [(event.step, event.value) for event in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]
        }
        texts = {
            tag.removesuffix("/text_summary"): events.Tensors(tag)[0]
            .tensor_proto.string_val[0]
            .decode()
            for tag in events.Tags()["tensors"]
        }
        result[inner.name] = scalars, texts
    return result


@pytest.fixture(
    params=[read_stand_in, read_real],
    ids=["stand-in", "real"],
)
def tracker(request, monkeypatch):
    """The tracker, and what reads what it has written."""
    if request.param is read_stand_in:
        WRITTEN.clear()
        stand_in = ModuleType("torch.utils.tensorboard")
        stand_in.SummaryWriter = Writer
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stand_in)
    monkeypatch.delitem(sys.modules, "benchmark.tracking.tensorboard_tracker", raising=False)
    yield importlib.import_module("benchmark.tracking.tensorboard_tracker"), request.param
    sys.modules.pop("benchmark.tracking.tensorboard_tracker", None)


def test_each_training_has_a_folder_of_events(tracker, tmp_path):
    module, read = tracker
    run = tracked_run(tmp_path / "run")
    for _ in range(2):  # a second log takes the place of the first
        WRITTEN.clear()
        folder = Path(module.track(run))
        assert folder == tmp_path / "run" / "tensorboard"
    events = read(folder)
    assert len(events) == 3
    scalars, texts = events["comparison"]
    assert scalars[f"{NAME}/macro_f1_low"] == [(0, 0.5)]
    assert texts["verdict"] == "It helps."
    assert "| lr | 0.001 |" in texts["settings"]
    assert texts["report"] == "- report.html\n- figures/recall.svg"
    scalars, texts = next(e for name, e in events.items() if name.startswith("focal_loss"))
    assert scalars == {
        "val_macro_f1": [(5, 0.25), (10, 0.5)],
        "train_loss": [(4, 2.0), (10, 1.0)],
        "test/macro_f1": [(10, 0.625)],
    }
    assert "| gamma | 1.0 |" in texts["parameters"]
    _, texts = next(e for name, e in events.items() if name.startswith("mine"))
    assert texts["error"] == "RuntimeError: no"


def test_a_link_in_place_of_the_folder_is_not_followed(tracker, tmp_path):
    module, _ = tracker
    run = tracked_run(tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "run" / "tensorboard").symlink_to(tmp_path / "other")
    with pytest.raises(ValueError, match="is a link, which is not followed"):
        module.track(run)
    assert (tmp_path / "other").exists()
