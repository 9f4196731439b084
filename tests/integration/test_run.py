"""Whole runs through the command line and from Python, on the real network and small images."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

import benchmark
from benchmark.api import make_experiment, plan
from benchmark.cli import main
from benchmark.run.run_folder import RunFolder
from benchmark.system.progress import NullProgress
from benchmark.train.trainer import Training

COLUMNS = (
    "strategy macro_f1 never_predicted zero_recall balanced_accuracy accuracy worst_recall "
    "steps seconds status"
)
SMALL = [
    *("--weights", "none", "--image-size", "75", "--fine-tune", "Mixed_7c"),
    *("--precision", "fp32", "--device", "cpu", "--epochs", "1,0.5"),
]
PLUGINS = '''
import os
from dataclasses import dataclass
import numpy as np
from benchmark.strategy import AddOffset, CrossEntropy, Stage, Strategy, strategy

@dataclass(frozen=True)
class Sharper(CrossEntropy):
    def __call__(self, logits, target, counts):
        return super().__call__(2 * logits, target, counts)

@dataclass(frozen=True)
class Fails(CrossEntropy):
    def __call__(self, logits, target, counts):
        raise RuntimeError("this loss is broken | <b>")

@dataclass(frozen=True)
class Kills(CrossEntropy):
    def __call__(self, logits, target, counts):
        os.kill(os.getpid(), 9)

@dataclass(frozen=True)
class Greedy(CrossEntropy):
    def __call__(self, logits, target, counts):
        if len(logits) > 4:
            os.kill(os.getpid(), 9)  # as Linux does where memory is used up
        return super().__call__(logits, target, counts)

@dataclass(frozen=True)
class BadDecision:
    def fit(self, validation, counts):
        return lambda outputs: outputs.labels * 0 + 99

@dataclass(frozen=True)
class Peeks:
    def fit(self, validation, counts):
        return lambda outputs: outputs.labels

@dataclass(frozen=True)
class ArrayOffset:
    def fit(self, validation, counts):
        return AddOffset(np.array([0.0, -np.inf, 0.0]))

@strategy
def peeks() -> Strategy:
    """Looks at what it is to predict. y = y"""
    return Strategy(decision=Peeks())

@strategy
def array_offset() -> Strategy:
    """A rule that holds an array, one value infinite. y = argmax"""
    return Strategy(decision=ArrayOffset())

@strategy
def late() -> Strategy:
    """Shares the beginning of no_change. L = CE(2 f), at the end"""
    return Strategy((Stage(0.7), Stage(0.3, loss=Sharper())))

@strategy
def sharper() -> Strategy:
    """A loss of one's own. L = CE(2 f)"""
    return Strategy((Stage(loss=Sharper()),))

@strategy
def fails() -> Strategy:
    """Fails. L = !"""
    return Strategy((Stage(loss=Fails()),))

@strategy
def kills() -> Strategy:
    """Kills its process. L = !"""
    return Strategy((Stage(loss=Kills()),))

@strategy
def greedy() -> Strategy:
    """Needs more memory than there is. L = CE"""
    return Strategy((Stage(loss=Greedy()),))

@strategy
def bad_decision() -> Strategy:
    """Returns labels that do not exist. y = 99"""
    return Strategy(decision=BadDecision())
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """Used in processes of their own: a registered strategy stays registered."""
    path = tmp_path_factory.mktemp("plugins") / "mine.py"
    path.write_text(textwrap.dedent(PLUGINS))
    return path


def command(*words):
    return [sys.executable, "-m", "benchmark", *map(str, words)]


def start(*words):
    """Run the command in a process of its own, as users do."""
    return subprocess.run(command(*words), capture_output=True, text=True, check=False)


def call(*words):
    """Run the command in this process, which has imported everything."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*map(str, words)])
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def finished(image_folder, tmp_path_factory):
    """All strategies, two seeds."""
    out = tmp_path_factory.mktemp("run") / "mine"
    words = ["run", "--data", image_folder, *SMALL, "--seeds", "0,1", "--out", out]
    done = start(*words)
    assert done.returncode == 0, done.stderr
    return out, words, done.stdout


def predictions(out):
    return pd.read_csv(out / "predictions.csv")


def outputs(out):
    return {path.name: load_file(path) for path in sorted((out / "outputs").glob("*.safetensors"))}


def assert_same_outputs(one, two):
    assert one.keys() == two.keys()
    for name, tensors in one.items():
        for key, values in tensors.items():
            np.testing.assert_array_equal(values, two[name][key])


def test_a_run_writes_the_files_that_others_read(finished):
    out, _, printed = finished
    summary = pd.read_csv(out / "summary.csv")
    assert list(summary.columns) == COLUMNS.split()
    assert len(summary) == 6
    assert (summary["status"] == "ok").all()
    assert summary["steps"].nunique() == 1, "every strategy has the same budget"
    per_class = pd.read_csv(out / "per_class.csv")
    assert " ".join(per_class.columns[:9]) == (
        "strategy seed class train_count test_count recall precision f1 predicted"
    )
    assert len(per_class) == 6 * 2 * 3
    assert list(predictions(out).columns) == (
        ["strategy", "seed", "split", "file", "label", "predicted", "confidence"]
    )
    assert {row["seed"] for row in map(read, (out / "records").iterdir())} == {0, 1}
    assert len(list((out / "records").iterdir())) == 12
    for name in ("report.md", "report.html"):
        assert name in printed
        assert (out / name).stat().st_size > 1000
    assert "to train   10 of 10 networks" in printed


def read(path):
    return json.loads(path.read_text())


def test_tables_agree_with_the_predictions(finished):
    out, _, _ = finished
    rows = predictions(out).query("split == 'test'")
    accuracy = (rows["label"] == rows["predicted"]).groupby([rows["strategy"], rows["seed"]]).mean()
    summary = pd.read_csv(out / "summary.csv").set_index("strategy")
    for strategy, mean in accuracy.groupby("strategy").mean().items():
        assert summary.loc[strategy, "accuracy"] == pytest.approx(mean, abs=1e-6)
    per_class = pd.read_csv(out / "per_class.csv")
    assert (per_class.groupby(["strategy", "seed"])["predicted"].sum() == 5).all()


def test_a_finished_run_trains_nothing_and_says_the_same(finished):
    out, words, _ = finished
    before = {path: path.stat().st_mtime_ns for path in (out / "outputs").iterdir()}
    tables = {name: (out / name).read_bytes() for name in ("summary.csv", "predictions.csv")}
    again = call(*words)
    assert again.returncode == 0
    assert "to train   0 of 10 networks" in again.stdout
    assert "frozen layers" not in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (out / "outputs").iterdir()}
    for name, content in tables.items():
        assert (out / name).read_bytes() == content
    assert not (out / "states").exists()


def test_a_report_is_rebuilt_from_what_is_stored(finished):
    out, _, _ = finished
    reports = [path for path in out.iterdir() if path.suffix in (".md", ".html", ".csv")]
    written = {path.name: path.read_bytes() for path in reports}
    tables = {name for name in written if name.endswith(".csv")}
    assert written.keys() - tables == {"report.md", "report.html"}
    files = written["report.md"].decode().replace("\\_", "_").rpartition("## Files")[2]
    assert set(re.findall(r"\w+\.csv", files)) == tables  # each is named, and is there
    for name in written:
        (out / name).unlink()
    assert main(["report", str(out)]) == 0
    for name, content in written.items():
        assert (out / name).read_bytes() == content, name


def test_report_and_compare_need_no_torch(finished, tmp_path):
    run, other = finished[0], tmp_path / "other"
    shutil.copytree(run, other)
    asked = read(other / "run.json")
    asked["data"] |= {"name": "others", "images": 46}
    (other / "run.json").write_text(json.dumps(asked))
    code = (
        "import sys; from benchmark.cli import main; "
        "assert main(sys.argv[1:]) == 0; sys.exit('torch' in sys.modules)"
    )
    for words in (
        ["report", run],
        ["report", other, "--baseline", "class_weights"],
        ["compare", run, other, "--out", tmp_path / "both"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert read(other / "run.json") == asked  # a report with another baseline is a view
    assert "change against class\\_weights" in (other / "report.md").read_text()
    scores = pd.read_csv(tmp_path / "both" / "scores.csv")
    assert scores["dataset"].unique().tolist() == [asked_name(run), "others"]
    summary = pd.read_csv(run / "summary.csv")
    for name in ("macro_f1", "never_predicted"):
        assert scores[name].tolist() == pytest.approx([*summary[name], *summary[name]])


def asked_name(out):
    return read(out / "run.json")["data"]["name"]


def test_the_control_of_a_run_can_be_chosen(finished):
    out, words, _ = finished
    assert read(out / "run.json")["baseline"] == "no_change"
    written = {path: path.read_bytes() for path in out.glob("*.csv")}
    assert main([*map(str, words), "--baseline", "focal_loss"]) == 0
    assert read(out / "run.json")["baseline"] == "focal_loss"
    assert set(pd.read_csv(out / "paired.csv")["baseline"]) == {"focal_loss"}
    assert main([*map(str, words)]) == 0
    assert read(out / "run.json")["baseline"] == "no_change"
    assert written == {path: path.read_bytes() for path in out.glob("*.csv")}


def test_changing_what_matters_retrains_what_depends_on_it(finished):
    _, words, _ = finished
    rate = call("plan", *words[1:], "--lr", "0.001")
    assert "to train   10 of 10" in rate.stdout
    fewer = call("plan", *words[1:], "--seeds", "1,", "--strategies", "no_change,focal_loss")
    assert "to train   0 of 2" in fewer.stdout
    more = call(
        "plan", *words[1:], "--strategies", "all,focal_loss:gamma=1,class_weights:power=0.5"
    )
    assert "to train   4 of 14" in more.stdout


def test_a_small_cache_changes_places_and_no_result(finished, tmp_path, monkeypatch):
    reference, words, _ = finished
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    words = [*words[:-3], "0,", "--strategies", "no_change", "--out", tmp_path / "run"]
    done = call(*words, "--cache-limit", "900KB")
    assert done.returncode == 0, done.stderr
    assert "activations 385 KB in memory" in done.stdout
    ((name, here),) = outputs(tmp_path / "run").items()
    for key, values in outputs(reference)[name].items():
        # one network has more threads than each of ten, and they may add in another order
        np.testing.assert_allclose(here[key], values, rtol=1e-3, atol=1e-4)


def test_damaged_outputs_are_made_again(finished):
    out, words, _ = finished
    first = sorted((out / "outputs").glob("*.safetensors"))[0]
    whole = first.read_bytes()
    first.write_bytes(whole[:-1] + b"\x00" if whole[-1:] != b"\x00" else whole[:-1] + b"\x01")
    assert "to train   1 of 10" in call("plan", *words[1:]).stdout
    first.write_bytes(whole)
    assert "to train   0 of 10" in call("plan", *words[1:]).stdout


def test_killed_and_started_again_is_the_same_to_the_bit(finished, tmp_path):
    reference, words, _ = finished
    out = tmp_path / "killed"
    words = [*words[:-1], out]
    for outputs_there in (1, 4):  # killed twice, further on each time
        process = subprocess.Popen(
            command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 120
        while len(list(out.glob("outputs/*.json"))) < outputs_there:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (out / "report.html").exists()
    done = start(*words)
    assert done.returncode == 0
    assert "to train   10 of 10" not in done.stdout, "what was finished is not trained again"
    assert_same_outputs(outputs(reference), outputs(out))
    columns = ["strategy", "seed", "file", "predicted", "confidence"]
    pd.testing.assert_frame_equal(predictions(reference)[columns], predictions(out)[columns])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failed_strategy_is_a_visible_row_and_the_others_finish(
    image_folder, plugin, tmp_path, jobs
):
    names = "no_change,fails,bad_decision,peeks,array_offset,sharper"
    names += ",kills" if jobs == 2 else ""
    words = ["run", "--data", image_folder, *SMALL, "--out", tmp_path / "run"]
    done = start(*words, "--plugin", plugin, "--strategies", names, "--jobs", jobs)
    assert done.returncode == 1, done.stderr
    summary = pd.read_csv(tmp_path / "run" / "summary.csv").set_index("strategy")
    expected = {
        name: "ok" if name in ("no_change", "sharper", "array_offset") else "failed"
        for name in names.split(",")
    }
    assert summary["status"].to_dict() == expected
    for report in ("report.html", "report.md"):
        assert "this loss is broken" in (tmp_path / "run" / report).read_text()
    assert "<b>" not in (tmp_path / "run" / "report.html").read_text().split("this loss")[1][:40]
    assert "failed: fails (seed 0): RuntimeError: this loss is broken" in done.stdout
    assert "one label from 0 to 2 for each image; it gave 99 to 99" in done.stdout


def test_the_plan_shows_what_is_trained_once(image_folder, tmp_path):
    words = ["plan", "--data", image_folder, *SMALL, "--out", tmp_path, "--strategies"]
    done = call(*words, "no_change,threshold_moving,crt,deferred_resampling,focal_loss")
    said = " ".join((done.stdout + done.stderr).split())
    budget = int(re.search(r"to train 4 of 4 networks, (\d+) steps", said)[1])
    alone = [int(steps) for steps in re.findall(r": (\d+) steps of its own", said)]
    assert "train crt: " in said
    assert "train deferred_resampling: " in said
    assert re.search(r"train no_change = threshold_moving: \d+ steps of its own, after", said)
    assert re.search(r"crt: .*? shared with no_change, threshold_moving, deferred_resampling", said)
    assert "focal_loss:" not in said, "it has nothing in common with the others"
    assert 0 < sum(alone) < budget


def test_a_broken_plugin_stops_nothing_and_is_said_at_the_end(image_folder, plugin, tmp_path):
    broken, out = tmp_path / "broken.py", tmp_path / "run"
    broken.write_text("import nothing_of_that_name")
    words = ["run", "--data", image_folder, *SMALL, "--out", out, "--jobs", 1]
    words += ["--plugin", broken, "--plugin", plugin, "--strategies", "no_change,sharper"]
    done = start(*words)
    assert done.returncode == 1
    assert (pd.read_csv(out / "summary.csv")["status"] == "ok").all()
    said = f"The plug-in {broken} is broken: ModuleNotFoundError"
    assert said in " ".join((done.stdout + done.stderr).split())
    assert "ModuleNotFoundError" in (out / "report.md").read_text()
    assert start("plan", *words[1:-1], "no_change,sharpest").returncode == 2


def test_a_plugin_brings_a_network_to_every_process(image_folder, tmp_path):
    file = Path(__file__).parent / "published" / "cifar.py"
    words = ["run", "--data", image_folder, *SMALL[6:], "--plugin", file, "--backbone", "resnet32"]
    words += ["--weights", "none", "--image-size", 32, "--fine-tune", "layer3", "--jobs", 2]
    words += ["--strategies", "no_change,class_weights,crt", "--out", tmp_path]
    first, second = start(*words), start(*words)
    assert first.returncode == 0, first.stderr
    assert "in this process" not in first.stdout, "a worker knew the network for its frozen layers"
    assert "0 of 3 networks" in second.stdout, second.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["experiment"]["first_trained"] == "layer3"
    assert "resnet32" in (tmp_path / "report.md").read_text()
    audit = pd.read_csv(tmp_path / "audit.csv")
    assert not (audit["seen"].astype(str) == "False").any()


def test_a_killed_training_is_tried_again_in_micro_batches(image_folder, plugin, tmp_path):
    words = ["run", "--data", image_folder, *SMALL, "--out", tmp_path / "run", "--jobs", "2"]
    done = start(*words, "--plugin", plugin, "--strategies", "no_change,greedy")
    assert done.returncode == 0, done.stderr
    seeds = pd.read_csv(tmp_path / "run" / "seeds.csv").set_index("strategy")
    assert seeds["micro_batch"].to_dict() == {"no_change": 8, "greedy": 2}
    assert set(seeds["batch_size"]) == {8}
    report = (tmp_path / "run" / "report.md").read_text()
    assert "Memory ran out: `greedy` trained in micro-batches of 2 images" in report


def test_processes_give_the_results_of_one_process(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *SMALL, "--strategies", "no_change,class_weights"]
    for jobs in (1, 2):
        done = call(*words, "--jobs", jobs, "--out", tmp_path / str(jobs))
        assert done.returncode == 0, done.stderr
    one, two = outputs(tmp_path / "1"), outputs(tmp_path / "2")
    assert one.keys() == two.keys()
    for name, tensors in one.items():
        for key, values in tensors.items():
            # threads may add in another order
            np.testing.assert_allclose(values, two[name][key], rtol=1e-3, atol=1e-4)


def test_from_python(finished, image_folder):
    out, _, _ = finished
    loaded = benchmark.load(out)
    assert (
        loaded.summary["strategy"].tolist() == pd.read_csv(out / "summary.csv")["strategy"].tolist()
    )
    assert loaded.recall.shape == (3, 6)
    assert loaded.recall.index.tolist() == ["common", "middling", "rare"]
    assert loaded.confusion["no_change"].sum() == 10
    assert loaded.figures
    assert "no_change" in loaded._repr_html_()
    assert len(repr(loaded)) < 2000
    assert "no_change" in repr(loaded)
    result = benchmark.run(
        data=image_folder,
        strategies=["no_change"],
        weights="none",
        image_size=75,
        fine_tune="Mixed_7c",
        precision="fp32",
        device="cpu",
        epochs=(1, 0.5),
        seeds=[0, 1],
        out=out,
    )
    assert result.summary["strategy"].tolist() == ["no_change"]
    assert {path.name.split(".")[0] for path in (out / "records").iterdir()} == {"no_change"}
    expected = loaded.seeds.query("strategy == 'no_change'")["macro_f1"].tolist()
    assert result.seeds["macro_f1"].tolist() == expected


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--data", "nowhere/"], "nowhere"),
        (["run", "--strategies", "magic"], "unknown strategy 'magic'"),
        (["run", "--recipe", "soup"], "unknown recipe 'soup'. Known: forum, strong"),
        (["run", "--epochs", "1,2,3"], "has 2 phases"),
        (["run", "--epochs", "0"], "must be positive"),
        (["run", "--image-size", "50"], "75 or more"),
        (["run", "--imbalance", "expo:10"], "'exp:RATIO'"),
        (["run", "--jobs", "0"], "jobs must be 1 or more"),
        (["run", "--recipe", "strnog"], "Did you mean 'strong'?"),
        (["run", "--strategies", "focal_loss:gamma=-1"], "gamma must be 0 or more"),
        (["run", "--fine-tune", "Mixed_9z"], "Mixed_7a"),
        (["run", "--device", "cuda:99"], "use --device cpu"),
        (["run", "--device", "tpu"], "allowed: auto, cpu"),
        (["run", "--precision", "fp8"], "allowed: auto, fp32, bf16"),
        (["run", "--seeds", "0,0"], "each seed once"),
        (["run", "--batch-size", "1"], "batch size 1 is not allowed"),
        (["run", "--config", "nowhere.toml"], "no such file"),
        (
            ["run", "--strategies", "no_change,focal_loss:gamma=1", "--baseline", "focal_loss"],
            "'focal_loss' is none of the strategies asked for; choose one of no_change, "
            "focal_loss:gamma=1",
        ),
        (["report", "nowhere"], "holds no run"),
        (["compare", "nowhere", "elsewhere"], "nowhere holds no run"),
        (["compare", "nowhere"], "two or more folders"),
        (["data", "nowhere/"], "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_can(words, says, capsys):
    assert main(words) == 2
    assert says in capsys.readouterr().err


def test_flags_may_stand_in_a_file_and_flags_win(image_folder, tmp_path):
    config = tmp_path / "study.toml"
    config.write_text(
        f'data = "{image_folder}"\nstrategies = ["no_change", "focal_loss:gamma=1"]\n'
        'weights = "none"\nimage-size = 75\nseeds = [3, 4]\nepochs = [1, 1]\n'
        'fine-tune = "Mixed_7c"\n'
    )
    done = call("plan", "--config", config, "--out", tmp_path / "out")
    assert "2 strategies x 2 seeds (3, 4)" in done.stdout, done.stderr
    done = call("plan", "--config", config, "--seeds", "5,", "--out", tmp_path / "out")
    assert "2 strategies x 1 seed (5)" in done.stdout


def test_a_wrong_settings_file_is_explained(tmp_path, capsys):
    config = tmp_path / "study.toml"
    for text, says in (
        ('baseline = "magic"', "the baseline 'magic' is none of the strategies asked for"),
        ("imagesize = 75", "unknown key 'imagesize'; known: backbone, batch-size"),
        ('quick = "no"', "quick must be true or false, got 'no'"),
        ("lr = true", "lr must be a value"),
        ("lr = ", "study.toml"),
    ):
        config.write_text(text)
        assert main(["plan", "--config", str(config)]) == 2
        assert says in capsys.readouterr().err


def test_help_and_list_need_no_torch():
    for words in (["--help"], ["run", "--help"], ["list"]):
        code = (
            "import sys; from benchmark.cli import main\n"
            f"try: main({words!r})\n"
            "except SystemExit: pass\n"
            "assert not {'torch', 'sklearn', 'seaborn', 'pandas'} & set(sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "strategies" in done.stdout


def test_every_verb_explains_itself_with_examples(capsys):
    for verb in ("run", "plan", "list", "report", "compare", "data"):
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        assert f"python -m benchmark {verb}" in capsys.readouterr().out


def test_a_stopped_run_says_how_to_go_on(image_folder, tmp_path):
    words = ["run", "--data", image_folder, *SMALL, "--seeds", "7,", "--out", tmp_path / "run"]
    process = subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        # a suite that was started in the background hands down that the signal is ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list((tmp_path / "run").glob("outputs/*.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "goes on from what is finished" in said


def test_two_runs_in_one_folder_do_not_mix(tmp_path):
    with RunFolder(tmp_path).locked(), pytest.raises(ValueError, match="another run is at work"):
        RunFolder(tmp_path).locked().__enter__()
    with RunFolder(tmp_path).locked():
        pass


def test_what_an_earlier_run_left_does_no_harm(image_folder, plugin, tmp_path):
    """An error of a network that is stored, and a state saved where that run cut the training."""
    out = tmp_path / "run"
    words = ["run", "--data", image_folder, *SMALL, "--plugin", plugin, "--out", out]
    words += ["--jobs", "1"]  # two networks would have a thread each, one has them all
    assert start(*words, "--strategies", "no_change").returncode == 0
    (marker,) = (out / "outputs").glob("*.json")
    key = json.loads(marker.read_text())["key"]
    (out / "states").mkdir()
    (out / "states" / f"{key[:20]}.error.json").write_text('{"error": "old", "traceback": ""}')
    (out / "states" / f"{key[:20]}.steps").write_text("3")
    assert start(*words, "--strategies", "no_change").returncode == 0
    reference = outputs(out)

    marker.unlink()
    state = out / "states" / f"{key[:20]}.partial.safetensors"
    early = training_until(2, image_folder)
    early.save(state)
    done = start(*words, "--strategies", "no_change,late")
    assert done.returncode == 0, done.stdout
    assert_same_outputs(reference, {name: outputs(out)[name] for name in reference})


def training_until(step, image_folder):
    executor = plan(
        make_experiment(
            data=image_folder,
            weights="none",
            recipe="forum",
            lr=None,
            epochs=(1, 0.5),
            seeds=(0,),
            quick=False,
            image_size=75,
            fine_tune="Mixed_7c",
            precision="fp32",
            device="cpu",
        ),
        "no_change",
    )
    prepared, (segment,) = executor.prepared, executor.plan.segments
    prepared.run_frozen_layers([0], NullProgress())
    training = Training(
        prepared.material,
        prepared.splits[0],
        prepared.experiment.recipe,
        prepared.budgets[0],
        0,
        segment.head,
    )
    training.run(replace(segment, end=step))
    return training
