"""Strategies that misbehave are failed rows; all others are, to the bit, what they are alone."""

import json
from functools import cache

import pandas as pd
import pytest

from benchmark.plugins import unload_plugin
from tests.integration.commands import SMALL, call, load_outputs, start
from tests.misbehaving import COMPONENTS, FILES, HARMLESS, LOSSES, UNTRAINED

OTHERS = ("class_weights", "focal_loss", "crt")  # after the misbehaving ones, but for the first


@pytest.fixture(autouse=True, scope="module")
def no_plugin_stays():
    """Take the plug-ins out again."""
    yield
    for file in FILES:
        unload_plugin(file)


@pytest.fixture(scope="module")
def run(image_folder, tmp_path_factory):
    """Return a function that runs strategies and returns the command's end and its folder."""

    def run(names, *flags, begin=call, out=None):
        out = out or tmp_path_factory.mktemp("run")
        words = ["--data", image_folder, *SMALL.flags, "--out", out, "--no-null"]
        words += [word for file in FILES for word in ("--plugin", file)]
        return begin("run", *words, "--strategies", ",".join(names), *flags), out

    return run


@pytest.fixture(scope="module")
def alone(run):
    """Return a function that returns the tensors of the others, trained alone in so many jobs."""

    @cache
    def tensors(jobs):
        done, folder = run(["no_change", *OTHERS], "--jobs", jobs)
        assert done.returncode == 0, done.stderr
        return outputs_by_strategy(folder)

    return tensors


def outputs_by_strategy(folder):
    """Return the bytes of all tensors of the network of each strategy."""
    manifest = json.loads((folder / "run.json").read_text())
    tensors = load_outputs(folder)
    return {
        strategy["name"]: {
            name: values.tobytes()
            for name, values in tensors[f"{strategy['networks']['0'][:20]}.safetensors"].items()
        }
        for strategy in manifest["strategies"]
        if f"{strategy['networks']['0'][:20]}.safetensors" in tensors
    }


def assert_others_are_the_same(run, alone, names, jobs, begin=call):
    """Run the others among misbehaving strategies, and compare their tensors to those alone."""
    done, folder = run(["no_change", *names, *OTHERS], "--jobs", jobs, begin=begin)
    assert done.returncode == 1, done.stderr
    summary = pd.read_csv(folder / "summary.csv").set_index("strategy")
    for name in ("no_change", *OTHERS):
        assert summary.loc[name, "status"] == "ok"
    actual = outputs_by_strategy(folder)
    for name, tensors in alone(jobs).items():
        assert actual[name] == tensors, name
    return done, folder


def test_a_failed_row_says_what_happened(run, alone):
    names = {
        "acting:action=exits": "SystemExit: it called sys.exit(0)",
        "acting:action=exits_at_once": "it called os._exit(0), which would end the run",
        "acting:action=raises_unprintable": "UnprintableError: <its text can't be had",
        "acting:action=raises_surrogates": r"ValueError: a \udce9 b \ud800",
        "acting:action=raises_controls": r"ValueError: a \x1b[31m b \r \x00 \u202e <b>|`",
        "acting:action=replaces_trainer": "it replaced benchmark.train.trainer.Training._train_st",
        "acting:action=sets_dtype": "",
        "acting:action=replaces_backward": "it replaced torch.Tensor.backward, which all other",
        "acting:action=replaces_defaults": "it replaced torch.nn.modules.batchnorm._BatchNorm.__",
        "acting:action=deletes_len": "NameError: name 'len' is not defined",
        "acting:action=limits_time": "it called resource.setrlimit(0, (1, ",
        "nan_at_step_3": "FloatingPointError: the loss became nan at step 3: lower --lr",
        "exiting_decision": "SystemExit: it called sys.exit(0)",
    }
    done, folder = assert_others_are_the_same(run, alone, names, 1)
    for name, error in names.items():
        if error:
            assert f"failed: {name} (seed 0): " in done.stdout
            assert error in done.stdout
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "sys.exit(0)" in page
    assert "losses.py" in page, "the traceback has the lines of the file"


@pytest.mark.slow
def test_whatever_a_strategy_does_the_others_are_the_same(run, alone):
    names = [*LOSSES, *COMPONENTS]
    done, folder = assert_others_are_the_same(run, alone, names, 1, begin=start)
    summary = pd.read_csv(folder / "summary.csv").set_index("strategy")
    for name in names:
        assert summary.loc[name, "status"] == ("ok" if name in HARMLESS else "failed"), name
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_so_they_are_with_two_jobs(run, alone):
    names = [*LOSSES, *COMPONENTS, *UNTRAINED]
    _, folder = assert_others_are_the_same(run, alone, names, 2, begin=start)
    summary = pd.read_csv(folder / "summary.csv").set_index("strategy")
    for name in names:
        assert summary.loc[name, "status"] == ("ok" if name in HARMLESS else "failed"), name


def test_what_failed_is_tried_again_with_the_flag_only(run):
    names = ["no_change", "acting:action=exits", "deciding:what=beyond", "class_weights"]
    first, folder = run(names, "--jobs", 1)
    assert "failed in an earlier run" not in first.stdout
    again, _ = run(names, "--jobs", 1, out=folder)
    assert again.returncode == 1
    earlier = "failed in an earlier run; --retry-failed tries again"
    assert f"failed: acting:action=exits (seed 0): {earlier}: SystemExit: it" in again.stdout
    assert f"failed: deciding:what=beyond (seed 0): {earlier}: ValueError: a" in again.stdout
    assert "to train   0 of 3 networks, 0 steps; 2 are stored" in again.stdout
    assert "failed     1 in an earlier run; --retry-failed tries again" in again.stdout
    retried, _ = run(names, "--jobs", 1, "--retry-failed", out=folder)
    assert "to train   1 of 3 networks" in retried.stdout
    assert "failed in an earlier run" not in retried.stdout
    assert "failed: deciding:what=beyond (seed 0): ValueError" in retried.stdout
