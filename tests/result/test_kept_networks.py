"""Which networks of a run stay, and what is said of those that were not written."""

from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.execution.networks import NetworkStore
from benchmark.execution.run_folder import RunFolder
from benchmark.result.kept_networks import keep_networks
from tests.notes import Notes
from tests.report.fabricate import fabricate

STRATEGIES = ("no_change", "class_weights", "focal_loss")


def executor(folder, failed=(), seeds=(0,)) -> Any:
    """What a run of STRATEGIES leaves: a network of each, by a key of its name."""
    networks = {(name, seed): f"{name}{seed}" for name in STRATEGIES for seed in seeds}
    plan = SimpleNamespace(networks=networks, members_of=lambda key: (key,))
    outputs = SimpleNamespace(has=lambda key: key not in failed)
    return SimpleNamespace(
        folder=RunFolder(folder), plan=plan, outputs=outputs, keeps_networks_of=frozenset(seeds)
    )


def write(folder, *keys):
    (folder / "networks").mkdir(exist_ok=True)
    for key in keys:
        NetworkStore(RunFolder(folder)).file(key).write_bytes(b"0" * 1000)


def sentences(folder, keep, **how):
    notes = Notes()
    keep_networks(executor(folder, **how), fabricate(folder, strategies=STRATEGIES), keep, notes)
    return notes.texts


@pytest.mark.parametrize(
    ("keep", "names"),
    [("all", "no_change, class_weights and focal_loss"), ("best", "no_change and")],
)
def test_those_that_are_named_stay(tmp_path, keep, names):
    write(tmp_path, *(f"{name}0" for name in STRATEGIES))
    (text,) = sentences(tmp_path, keep)
    assert text.startswith(f"kept: the networks of {names}")
    assert len(list((tmp_path / "networks").iterdir())) == {"all": 3, "best": 2}[keep]


def test_what_was_trained_before_is_said_not_to_be_there(tmp_path):
    write(tmp_path, "no_change0")
    kept, missing = sentences(tmp_path, "all", failed={"focal_loss0"})
    assert kept == "kept: the networks of no_change (seed 0, 1.0 KB), for `export`"
    assert missing.startswith(
        "not kept: the networks of class_weights (seed 0), which were trained"
    )
    assert missing.endswith("`export` trains them again")
