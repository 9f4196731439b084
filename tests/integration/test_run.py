"""One run of all strategies, and what can be done with it afterwards.

On a small network, and once more on InceptionV3 with `-m slow`.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import benchmark
from tests.edited_json import edited_json
from tests.integration.commands import (
    INCEPTION_V3,
    SMALL,
    Network,
    assert_same_outputs,
    call,
    command,
    load_outputs,
    start,
)

SUMMARY = (
    "strategy macro_f1 never_predicted zero_recall balanced_accuracy accuracy mcc worst_recall "
    "steps seconds status"
)


@dataclass(frozen=True)
class FinishedRun:
    """The folder of a run, its flags without --seeds and --out, and what it printed."""

    folder: Path
    flags: tuple
    network: Network
    seeds: int
    printed: str

    @property
    def networks(self):
        """How many it trained: of five strategies and the null row, for each seed."""
        return 6 * self.seeds

    def words(self, verb, *more, out=None):
        """Return the words of the command; `more` come last, so they win."""
        return [verb, *self.flags, "--seeds", self.seeds, "--out", out or self.folder, *more]


ON_SMALL = (SMALL, ("--jobs", "1"), 2)  # worker processes take seconds to start
# what stands in the folder is read, whatever the network was
on_small_alone = pytest.mark.parametrize("finished", [ON_SMALL], indirect=True, ids=["small"])


@pytest.fixture(
    scope="module",
    params=[ON_SMALL, pytest.param((INCEPTION_V3, (), 1), marks=pytest.mark.slow)],
    ids=["small", "inception_v3"],
)
def finished(request, image_folder, tmp_path_factory):
    """All strategies."""
    network, jobs, seeds = request.param
    folder = tmp_path_factory.mktemp("run") / "mine"
    flags = ("--data", image_folder, *network.flags, *jobs)
    done = start("run", *flags, "--seeds", seeds, "--out", folder)
    assert done.returncode == 0, done.stderr
    return FinishedRun(folder, flags, network, seeds, done.stdout)


def read(path):
    return json.loads(path.read_text())


def predictions(folder):
    return pd.read_csv(folder / "predictions.csv")


def test_a_run_writes_the_files_that_others_read(finished):
    folder = finished.folder
    summary = pd.read_csv(folder / "summary.csv")
    assert list(summary.columns) == SUMMARY.split()
    assert len(summary) == 7
    assert summary["strategy"].iloc[-1] == "no_change again"
    assert (summary["status"] == "ok").all()
    assert summary["steps"].nunique() == 1, "every strategy has the same budget"
    per_class = pd.read_csv(folder / "per_class.csv")
    assert " ".join(per_class.columns[:9]) == (
        "strategy seed class train_count test_count recall precision f1 predicted"
    )
    assert len(per_class) == 7 * finished.seeds * 3
    assert list(predictions(folder).columns) == (
        ["strategy", "seed", "split", "file", "label", "predicted", "confidence"]
    )
    records = [*map(read, (folder / "records").iterdir())]
    assert {record["seed"] for record in records} == {*range(finished.seeds)}
    assert len(records) == 7 * finished.seeds
    for name in ("report.md", "report.html"):
        assert name in finished.printed
        assert (folder / name).stat().st_size > 1000
    assert f"to train   {finished.networks} of {finished.networks} networks" in finished.printed


def test_the_gallery_shows_where_the_kept_networks_look(finished):
    gallery = (finished.folder / "gallery.html").read_text("utf-8")
    assert "Selvaraju" in gallery
    assert gallery.count("<img ") > 5
    assert len(list((finished.folder / "networks").iterdir())) in (1, 2)


def test_tables_agree_with_the_predictions(finished):
    rows = predictions(finished.folder).query("split == 'test'")
    accuracy = (rows["label"] == rows["predicted"]).groupby([rows["strategy"], rows["seed"]]).mean()
    summary = pd.read_csv(finished.folder / "summary.csv").set_index("strategy")
    for strategy, mean in accuracy.groupby("strategy").mean().items():
        assert summary.loc[strategy, "accuracy"] == pytest.approx(mean, abs=1e-6)
    per_class = pd.read_csv(finished.folder / "per_class.csv")
    assert (per_class.groupby(["strategy", "seed"])["predicted"].sum() == 5).all()


def test_a_finished_run_trains_nothing_and_writes_the_same_tables(finished):
    folder = finished.folder
    before = {path: path.stat().st_mtime_ns for path in (folder / "outputs").iterdir()}
    tables = {name: (folder / name).read_bytes() for name in ("summary.csv", "predictions.csv")}
    again = call(*finished.words("run"))
    assert again.returncode == 0
    assert f"to train   0 of {finished.networks} networks" in again.stdout
    assert "frozen layers" not in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "outputs").iterdir()}
    for name, content in tables.items():
        assert (folder / name).read_bytes() == content
    assert not (folder / "states").exists()


@on_small_alone
def test_a_report_is_written_again_from_what_is_stored(finished):
    folder = finished.folder
    reports = [path for path in folder.iterdir() if path.suffix in (".md", ".html", ".csv")]
    reports.remove(folder / "gallery.html")  # it needs the images, so it stays as it is
    written = {path.name: path.read_bytes() for path in reports}
    tables = {name for name in written if name.endswith(".csv")}
    assert written.keys() - tables == {"report.md", "report.html"}
    files = written["report.md"].decode().replace("\\_", "_").rpartition("## Files")[2]
    assert set(re.findall(r"\w+\.csv", files)) == tables  # each is named, and is there
    for name in written:
        (folder / name).unlink()
    assert call("report", folder).returncode == 0
    for name, content in written.items():
        assert (folder / name).read_bytes() == content, name


@on_small_alone
def test_report_and_compare_need_no_torch(finished, tmp_path):
    run, other = finished.folder, tmp_path / "other"
    shutil.copytree(run, other)
    with edited_json(other / "run.json") as manifest:
        manifest["data"] |= {"name": "others", "images": 46, "content": "others"}
    manifest = read(other / "run.json")
    commands = (
        ["report", run],
        ["report", other, "--baseline", "class_weights"],
        ["compare", run, other, "--out", tmp_path / "both"],
    )
    code = (
        "import json, sys; from benchmark.cli import main\n"
        "for words in json.loads(sys.argv[1]): assert main(words) == 0\n"
        "sys.exit('torch' in sys.modules)"
    )
    words = json.dumps([[*map(str, command)] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", code, words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert read(other / "run.json") == manifest  # a report with another baseline is a view
    assert "class\\_weights" in (other / "report.md").read_text()
    paired = pd.read_csv(other / "paired.csv").set_index("strategy")["baseline"]
    assert set(paired.drop("no_change again")) == {"class_weights"}
    assert set(paired["no_change again"]) == {"no_change"}, "what it repeats stays"
    scores = pd.read_csv(tmp_path / "both" / "scores.csv")
    assert scores["dataset"].unique().tolist() == [read(run / "run.json")["data"]["name"], "others"]
    summary = pd.read_csv(run / "summary.csv").query("strategy != 'no_change again'")
    for name in ("macro_f1", "never_predicted"):
        assert scores[name].tolist() == pytest.approx([*summary[name], *summary[name]])


@on_small_alone
def test_the_baseline_of_a_run_can_be_chosen(finished, tmp_path):
    folder = tmp_path / "mine"  # a copy, as another baseline has a null row of its own
    shutil.copytree(finished.folder, folder)
    assert read(folder / "run.json")["baseline"] == "no_change"
    written = {path: path.read_bytes() for path in folder.glob("*.csv")}

    def run(*more):
        assert call(*finished.words("run", *more, out=folder)).returncode == 0

    run("--baseline", "focal_loss")
    assert read(folder / "run.json")["baseline"] == "focal_loss"
    assert set(pd.read_csv(folder / "paired.csv")["baseline"]) == {"focal_loss"}
    run()
    assert read(folder / "run.json")["baseline"] == "focal_loss", "it stays"
    run("--baseline", "no_change")
    assert written == {path: path.read_bytes() for path in folder.glob("*.csv")}


@on_small_alone
def test_another_setting_is_another_experiment_and_more_strategies_are_the_same(finished):
    for verb in ("plan", "run"):
        rate = call(*finished.words(verb, "--lr", "0.001"))
        assert rate.returncode == 2
        assert "mine holds another experiment (lr 0.0001 there, 0.001 here)" in rate.stderr
    fewer = call(*finished.words("plan", "--seeds", "1", "--strategies", "no_change,focal_loss"))
    assert f"to train   0 of {finished.networks} " in fewer.stdout
    assert re.search(
        "note: .*mine holds the same experiment with .*stay in the repor", fewer.stdout
    )
    names = "all,focal_loss:gamma=1,class_weights:power=0.5"
    more = call(*finished.words("plan", "--strategies", names))
    assert f"to train   {2 * finished.seeds} of {8 * finished.seeds} " in more.stdout


def test_a_small_cache_changes_where_activations_lie_and_no_result(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    words = finished.words("run", "--seeds", "1", "--strategies", "no_change", out=tmp_path / "run")
    done = call(*words, "--no-null", "--cache-limit", finished.network.cache_limit)
    assert done.returncode == 0, done.stderr
    assert "activations 385 KB in memory" in done.stdout
    ((name, outputs),) = load_outputs(tmp_path / "run").items()
    for key, values in load_outputs(finished.folder)[name].items():
        # one network has more threads than each of twelve, and they may add in another order
        np.testing.assert_allclose(outputs[key], values, rtol=1e-3, atol=1e-4)


def test_damaged_outputs_are_made_again(finished):
    first = sorted((finished.folder / "outputs").glob("*.safetensors"))[0]
    whole = first.read_bytes()
    first.write_bytes(whole[:-1] + b"\x00" if whole[-1:] != b"\x00" else whole[:-1] + b"\x01")
    planned = call(*finished.words("plan")).stdout
    assert f"to train   1 of {finished.networks} " in planned
    assert "is damaged (its content has another hash" in " ".join(planned.split())
    assert first.name in planned
    first.write_bytes(whole)
    assert f"to train   0 of {finished.networks} " in call(*finished.words("plan")).stdout


def test_a_run_that_was_killed_and_started_again_is_the_same_to_the_bit(finished, tmp_path):
    folder = tmp_path / "killed"
    words = finished.words("run", out=folder)
    for stored in (1, 2 * finished.seeds):  # killed twice, further on each time
        process = subprocess.Popen(
            command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while len(list(folder.glob("outputs/*.json"))) < stored:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (folder / "report.html").exists()
    done = start(*words)
    assert done.returncode == 0
    everything = f"to train   {finished.networks} of {finished.networks} "
    assert everything not in done.stdout, "what was finished is not trained again"
    assert_same_outputs(load_outputs(finished.folder), load_outputs(folder))
    columns = ["strategy", "seed", "file", "predicted", "confidence"]
    pd.testing.assert_frame_equal(
        predictions(finished.folder)[columns], predictions(folder)[columns]
    )


@on_small_alone
def test_a_run_of_version_0_1_is_refused_and_stays(finished, tmp_path):
    folder = tmp_path / "old"
    (folder / "records").mkdir(parents=True)
    old = {"name": "old", "asked": [{"name": "no_change"}], "networks": {}}
    (folder / "run.json").write_text(json.dumps(old))
    record = {"strategy": "no_change", "seed": 0, "status": "ok", "identity": "0"}
    (folder / "records" / "no_change.seed0.json").write_text(json.dumps(record))
    done = call("report", folder)
    assert done.returncode == 2
    assert "run.json was written by version 0.1 of imbalance-bench" in done.stderr
    done = call(*finished.words("run", "--seeds", "1", "--strategies", "no_change", out=folder))
    assert done.returncode == 2
    assert "run.json was written by version 0.1 of imbalance-bench" in done.stderr
    assert read(folder / "run.json") == old


def test_a_run_can_be_loaded_and_repeated_from_python(finished, image_folder, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    loaded = benchmark.load(folder)
    names = pd.read_csv(folder / "summary.csv")["strategy"].tolist()
    assert loaded.summary["strategy"].tolist() == names
    assert loaded.recall.shape == (3, 6)
    assert loaded.recall.index.tolist() == ["common", "middling", "rare"]
    assert loaded.confusion["no_change"].sum() == 5 * finished.seeds
    assert loaded.figures
    assert "no_change" in loaded._repr_html_()
    assert len(repr(loaded)) < 2000
    assert "no_change" in repr(loaded)
    if finished.network is INCEPTION_V3:
        own = {"fine_tune": "Mixed_7c", "image_size": 75}
    else:
        own = {"backbone": "small", "image_size": 32}
    result = benchmark.run(
        data=image_folder,
        strategies=["no_change"],
        weights="none",
        precision="fp32",
        device="cpu",
        epochs="1+0.5",
        seeds=[*range(finished.seeds)],
        out=folder,
        **own,
    )
    assert result.summary["strategy"].tolist() == names, "those of the folder stay"
    pd.testing.assert_frame_equal(result.seeds, loaded.seeds)


def test_inception_v3_runs_from_the_command_line(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *INCEPTION_V3.flags, "--out", tmp_path, "--jobs", 1]
    done = call(*words, "--strategies", "no_change,class_weights,threshold_moving")
    assert done.returncode == 0, done.stderr
    summary = pd.read_csv(tmp_path / "summary.csv").set_index("strategy")
    assert (summary["status"] == "ok").all()
    manifest = read(tmp_path / "run.json")
    assert manifest["experiment"]["first_trained"] == "Mixed_7c"
    audit = pd.read_csv(tmp_path / "audit.csv")
    assert not (audit["passed"].astype(str) == "False").any()
    again = call("plan", *words[1:], "--strategies", "no_change,class_weights")
    assert "to train   0 of 3 networks" in again.stdout
