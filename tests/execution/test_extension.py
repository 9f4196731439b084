"""One more strategy or seed of the same experiment: the folder holds them all."""

import pytest

from benchmark import api
from benchmark.execution.extension import extend
from benchmark.execution.record_schema import FailedRecord
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin, unload_plugin
from benchmark.system.progress import Timer
from tests.edited_json import edited_json
from tests.notes import Notes

PLUGIN = '''
from benchmark.strategy import Strategy, strategy


@strategy
def mine(power: float = 1.0):
    """Plain training, for a test."""
    return Strategy()
'''


@pytest.fixture
def run(small_experiment, tmp_path, monkeypatch):
    """Return a function that runs strategies in one folder and returns what a report would show."""
    # drawing takes longer than training here
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: comparison)

    def run(names, command=None, tune=0, baseline=None, no_null=False, **settings):
        options = RunOptions(
            names, out=tmp_path / "run", jobs=1, tune=tune, baseline=baseline, no_null=no_null
        )
        notes = Notes()
        executor = api.plan(small_experiment(**settings), options, notes)
        run.trained = {name for s in executor.segments_to_train() for name in s.used_by}
        run.notes = notes.texts
        return api.execute(executor, options, Timer(), command).comparison

    return run


@pytest.mark.parametrize(
    ("wanted", "stored", "expected"),
    [
        ("ab", "", "ab"),
        ("ba", "ab", "ba"),
        ("cab", "ab", "cab"),
        ("b", "ab", "ab"),
        ("cb", "ab", "abc"),
    ],
)
def test_the_order_is_that_of_the_command_if_it_names_all(wanted, stored, expected):
    assert extend(wanted, stored) == list(expected)


def rows(result):
    return result.summary["strategy"].tolist(), sorted(set(result.seed_rows["seed"]))


def test_a_further_strategy_stands_beside_the_others_which_are_not_trained_again(run, tmp_path):
    run("no_change,class_weights", command="first", seeds=2)
    before = RunFolder(tmp_path / "run").record_file("no_change", 1).read_bytes()
    result = run("focal_loss", command="second")
    assert rows(result) == (["no_change", "class_weights", "focal_loss"], [0, 1])
    assert (result.summary["status"] == "ok").all()
    assert run.trained == {"focal_loss"}
    assert run.notes == [
        f"note: {tmp_path / 'run'} holds the same experiment with no_change, class_weights, seeds "
        "0, 1: they stay in the report"
    ]
    assert RunFolder(tmp_path / "run").record_file("no_change", 1).read_bytes() == before
    assert RunFolder(tmp_path / "run").read_manifest().command == "first\nsecond"


def test_fewer_strategies_and_seeds_never_shrink_a_report(run):
    run("no_change,class_weights", seeds=2)
    result = run("class_weights", command="again")
    assert rows(result) == (["no_change", "class_weights"], [0, 1])
    assert not run.trained


def test_the_grid_stays_complete_when_a_seed_is_added(run):
    run("no_change,class_weights")
    result = run("no_change", seed_list="7")
    assert rows(result) == (["no_change", "class_weights"], [0, 7])
    assert run.trained == {"no_change", "no_change again", "class_weights"}


def test_a_null_row_stays_at_no_cost_and_gets_the_new_seeds(run):
    first = run("no_change")
    assert run.trained == {"no_change", "no_change again"}
    result = run("class_weights")
    assert (result.null, run.trained) == ("no_change again", {"class_weights"})
    assert result.null_row.seed_rows.equals(first.null_row.seed_rows)
    assert set(run("no_change", seeds=2).null_row.seed_rows["seed"]) == {0, 1}


def test_a_run_without_a_null_row_gets_one_and_loses_it_when_asked(run, tmp_path):
    assert run("no_change", no_null=True).null is None
    assert run("no_change").null == "no_change again"
    assert run.trained == {"no_change again"}
    assert run("no_change", no_null=True).null is None
    assert any("--no-null leaves no_change again out of the report" in note for note in run.notes)
    assert not list((tmp_path / "run" / "records").glob("no_change-again*"))
    assert run("no_change").null == "no_change again"
    assert not run.trained, "its network was kept"
    assert not run.notes


def test_the_null_row_is_that_of_the_baseline(run):
    run("no_change,class_weights")
    result = run("no_change", baseline="class_weights")
    assert (result.null, run.trained) == ("class_weights again", {"class_weights again"})
    assert run("no_change").null == "class_weights again", "the baseline stays, and so does it"
    assert not run.trained


def test_there_is_no_null_row_without_a_baseline(run):
    assert run("class_weights").null is None
    assert run.trained == {"class_weights"}


def test_all_of_them_in_another_order_is_that_order_and_no_note(run):
    run("no_change,class_weights")
    assert rows(run("class_weights,no_change"))[0] == ["class_weights", "no_change"]
    assert not run.notes


def test_parameters_are_part_of_a_name(run):
    run("no_change,focal_loss:gamma=1")
    assert rows(run("focal_loss"))[0] == ["no_change", "focal_loss:gamma=1.0", "focal_loss"]


def test_a_baseline_that_was_chosen_stays_until_another_is(run):
    run("no_change,class_weights", baseline="class_weights")
    assert run("focal_loss").baseline == "class_weights"
    assert run("focal_loss", baseline="no_change").baseline == "no_change"
    with pytest.raises(ValueError, match="'crt' is none of the strategies"):
        run("focal_loss", baseline="crt")


def test_the_plain_strategy_becomes_the_baseline_when_it_is_added(run):
    assert run("class_weights").baseline is None
    assert run("no_change").baseline == "no_change"


def test_a_search_is_extended_too(run):
    tuned = {"tune": 2, "fine_tune": "head"}
    first = run("no_change,class_weights", **tuned)
    result = run("focal_loss", **tuned)
    assert rows(result)[0] == ["no_change", "class_weights", "focal_loss"]
    tried = {trial.strategy for trial in result.manifest.tuning.results}
    assert tried == {"no_change", "class_weights", "focal_loss"}, "each has the rate to tune"
    assert result.null_row.seed_rows.equals(first.null_row.seed_rows)
    scores = [list(r.summary["macro_f1"])[:2] for r in (first, result)]
    assert scores[0] == scores[1]


def test_a_strategy_whose_plug_in_is_not_loaded_is_refused_by_name(run, tmp_path, forgotten):
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    load_plugin(file)
    run("no_change,mine:power=2", command="python -m benchmark run --plugin mine.py")
    before = (tmp_path / "run" / "run.json").read_bytes()
    unload_plugin(file)
    with pytest.raises(ValueError, match=r"with mine:power=2.0, which can't be built now") as error:
        run("no_change")
    assert "by --plugin, as in `python -m benchmark run --plugin mine.py`" in str(error.value)
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    (tmp_path / "run" / "run.json").unlink()
    assert rows(run("no_change"))[0] == ["no_change"]
    assert not run.trained, "the way out that the error names keeps the networks"


def test_a_failed_strategy_is_tried_again_and_stays(run, tmp_path):
    run("no_change,class_weights")
    folder = RunFolder(tmp_path / "run")
    network = folder.read_record("class_weights", 0).network
    failed = FailedRecord(strategy="class_weights", seed=0, network=network, error="E: why")
    folder.write_record(failed)
    assert (run("focal_loss").summary["status"] == "ok").all()


def test_a_note_says_that_stored_networks_are_trained_again(run, tmp_path):
    run("no_change")
    file = RunFolder(tmp_path / "run").run_file
    with edited_json(file) as content:
        key = content["strategies"][0]["networks"]["0"]
        other = "0" * len(key)
        content["strategies"][0]["networks"]["0"] = other
        content["environment"]["torch"] = "1.0"
    outputs = tmp_path / "run" / "outputs"
    (outputs / f"{key[:20]}.json").rename(outputs / f"{other[:20]}.json")
    run("no_change")
    (note,) = run.notes
    assert note.startswith(f"note: 1 network is trained again in {tmp_path / 'run'}: what made the")
    assert "torch 1.0 there, " in note


def test_code_that_is_again_what_it_was_trains_nothing_and_no_note_says_so(run, tmp_path):
    run("no_change")
    file = RunFolder(tmp_path / "run").run_file
    with edited_json(file) as content:
        networks = content["strategies"][0]["networks"]
        outputs = tmp_path / "run" / "outputs"
        edited = "0" * len(networks["0"])
        for suffix in (".json", ".safetensors"):
            stored = outputs / f"{networks['0'][:20]}{suffix}"
            (outputs / f"{edited[:20]}{suffix}").write_bytes(stored.read_bytes())
        networks["0"] = edited
    run("no_change")
    assert not run.trained
    assert not run.notes


def test_a_further_seed_of_drawn_images_trains_that_seed_alone(run, tmp_path):
    """Each seed has other images, so the set grows: what was trained must not depend on that."""
    data = "wheels:images=60,classes=2"
    run("no_change", data=data)
    before = RunFolder(tmp_path / "run").record_file("no_change", 0).read_bytes()
    run("no_change", data=data, seed_list=(5,))
    assert RunFolder(tmp_path / "run").read_manifest().seeds == (0, 5)
    assert not any("trained again" in note or "another" in note for note in run.notes)
    assert RunFolder(tmp_path / "run").record_file("no_change", 0).read_bytes() == before
    splits = [RunFolder(tmp_path / "run").read_split(seed) for seed in (0, 5)]
    assert not set(splits[0].test.files) & set(splits[1].test.files)
