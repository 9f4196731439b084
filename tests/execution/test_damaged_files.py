"""Every kind of JSON file of a run, damaged: no other numbers, and the next run makes it again."""

import errno
import os
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from benchmark import api
from benchmark.analysis.comparison import load_comparison
from benchmark.execution.damaged_files import damaged_files
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import RunOptions
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.unreadable import UnreadableError
from benchmark.system.progress import Timer
from tests.closed_files import close
from tests.notes import Notes

STRATEGIES = "no_change,class_weights,threshold_moving"
COMMAND = "python -m benchmark run --the-command-of-this-run"
TABLES = ("summary", "seed_rows", "per_class", "predictions", "curves", "losses")


@pytest.fixture(scope="module")
def finished(small_experiment, tmp_path_factory):
    """The folder of a finished run, which is copied and not changed."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmark.result.run.write_report", lambda comparison: comparison)
        execute(small_experiment(), folder)
    return folder


@pytest.fixture
def folder(finished, tmp_path, monkeypatch):
    """A copy of the finished run."""
    # drawing takes longer than training here
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: comparison)
    shutil.copytree(finished, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def execute(experiment, path, strategies=STRATEGIES):
    notes, options = Notes(), RunOptions(strategies, out=path, jobs=1)
    executor = api.plan(experiment, options, notes)
    comparison = api.execute(executor, options, Timer(notes), COMMAND).comparison
    return comparison, [text for text in notes.texts if text.startswith("note:")]


def assert_same_numbers(comparison, finished, without=()):
    """All rows but those of some strategies are to the bit those of the finished run."""
    whole = load_comparison(finished)
    for name in TABLES:
        tables = []
        for run in (comparison, whole):
            table = run.with_null(lambda run, name=name: getattr(run, name))
            table = table[~table["strategy"].isin(without)].drop(columns="seconds", errors="ignore")
            # of numbers alone a column is of floats, beside a failed row it may be of objects
            table = table.astype(object).where(table.notna(), None)
            tables.append(table.reset_index(drop=True))
        pd.testing.assert_frame_equal(*tables)


def flip(file, share):
    content = bytearray(file.read_bytes())
    content[int(share * (len(content) - 1))] ^= 1
    file.write_bytes(content)


def change_digit(file):
    """Change one number of a list or a metric, as the least that can happen to numbers."""
    text = file.read_text()
    position = max(text.rfind(digit) for digit in "12345678")
    file.write_text(text[:position] + str(int(text[position]) + 1) + text[position + 1 :])


def replace_by(make):
    def replace(file):
        file.unlink()
        make(file)

    return replace


DAMAGES = {
    "first byte": lambda file: flip(file, 0),
    "hash": lambda file: flip(file, 30 / file.stat().st_size),
    "middle": lambda file: flip(file, 0.5),
    "last byte": lambda file: flip(file, 1),
    "digit": change_digit,
    "half": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "no hash": lambda file: file.write_text('{"schema_version": 2}\n'),
    "a list": lambda file: file.write_text("[]\n"),
    "pipe": replace_by(os.mkfifo),
    "folder": replace_by(lambda file: file.mkdir()),
    "link to nothing": replace_by(lambda file: file.symlink_to("nowhere")),
}


FAST = ("middle", "digit", "half", "pipe")


@pytest.fixture(
    params=[pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in DAMAGES]
)
def damage(request):
    return DAMAGES[request.param]


def assert_repaired(folder, finished, experiment, file, remedy):
    """The next run names the file, makes it again, and has the numbers of the finished run."""
    planned = Notes()
    api.plan(experiment, RunOptions(STRATEGIES, out=folder.path), planned)
    assert any(f"{file} is damaged (it" in note and remedy in note for note in planned.texts)
    comparison, notes = execute(experiment, folder.path)
    sentences = [note for note in notes if f"{file} was damaged (it" in note]
    assert len(sentences) == 1
    assert f"set aside as {file.name}.damaged; {remedy}" in sentences[0]
    assert_same_numbers(comparison, finished)
    assert (file.parent / f"{file.name}.damaged").is_symlink() or file.with_name(
        f"{file.name}.damaged"
    ).exists()
    assert not damaged_files(folder)
    assert_same_numbers(load_comparison(folder.path), finished)


def test_a_damaged_record_costs_its_row_until_it_is_made_again(
    folder, finished, small_experiment, damage
):
    file = folder.record_file("class_weights", 0)
    damage(file)
    comparison = load_comparison(folder.path)
    (failure,) = comparison.failures.to_dict("records")
    assert failure["strategy"] == "class_weights"
    assert f"the record is damaged ({file}: it" in failure["error"]
    out = f"with --out {folder.path}: it is made again from what is stored"
    assert f"run the command of this run again, {out}" in failure["error"]
    assert any("1 record is damaged, so a row" in text for text in comparison.lacks)
    assert_same_numbers(comparison, finished, without=["class_weights"])
    assert_repaired(folder, finished, small_experiment(), file, "it is made again from the outputs")


def test_damaged_splits_are_an_error_with_the_command_that_mends_them(
    folder, finished, small_experiment, damage
):
    file = folder.split_file(0)
    damage(file)
    with pytest.raises(DamagedFileError) as error:
        load_comparison(folder.path)
    assert str(error.value).startswith(f"{file} is damaged: it")
    assert str(error.value).endswith(f"writes it anew: {COMMAND} --out {folder.path}")
    assert_repaired(folder, finished, small_experiment(), file, "it is written anew from the data")


def test_a_damaged_manifest_is_an_error_until_the_command_runs_again(
    folder, finished, small_experiment, damage
):
    damage(folder.run_file)
    with pytest.raises(DamagedFileError, match=r"run.json is damaged: it.*Run the command of this"):
        load_comparison(folder.path)
    file, experiment = folder.run_file, small_experiment()
    assert_repaired(folder, finished, experiment, file, "it is written anew from this command")


def test_damaged_costs_are_nobodys_numbers(folder, finished, small_experiment, damage):
    damage(folder.cost_file)
    assert_same_numbers(load_comparison(folder.path), finished)
    file, experiment = folder.cost_file, small_experiment()
    assert_repaired(folder, finished, experiment, file, "it is written anew when the run ends")


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
def test_damaged_outputs_are_named_and_trained_again(
    folder, finished, small_experiment, damage, suffix
):
    network = folder.read_manifest().strategies[0].networks[0]
    file = folder.outputs_manifest_file(network).with_suffix(f".{suffix}")
    if damage is change_digit and suffix == "safetensors":
        damage = DAMAGES["middle"]
    damage(file)
    assert_same_numbers(load_comparison(folder.path), finished)  # they are of the records
    assert_repaired(folder, finished, small_experiment(), file, "its network is trained again")


def test_a_damaged_error_is_tried_again(folder, finished, small_experiment):
    network = folder.read_manifest().strategies[0].networks[0]
    folder.write_error(network, ErrorInfo("E: why", ""))
    flip(folder.error_file(network), 0.5)
    (damage,) = damaged_files(folder)
    assert damage.file == folder.error_file(network)
    comparison, notes = execute(small_experiment(), folder.path)
    assert any(f"{damage.file} was damaged (it" in note for note in notes)
    assert_same_numbers(comparison, finished)


def test_a_missing_record_is_a_failed_row_and_made_again(folder, finished, small_experiment):
    folder.record_file("threshold_moving", 0).unlink()
    comparison = load_comparison(folder.path)
    (failure,) = comparison.failures.to_dict("records")
    assert "the record is missing (" in failure["error"]
    assert "made again from what is stored" in failure["error"]
    assert any("1 record is missing, so" in text for text in comparison.lacks)
    assert_same_numbers(comparison, finished, without=["threshold_moving"])
    assert_same_numbers(execute(small_experiment(), folder.path)[0], finished)


@pytest.mark.parametrize("suffix", ["json", "safetensors"])
def test_missing_outputs_are_named_and_trained_again(folder, finished, small_experiment, suffix):
    network = folder.read_manifest().strategies[0].networks[0]
    file = folder.outputs_manifest_file(network).with_suffix(f".{suffix}")
    file.unlink()
    comparison, notes = execute(small_experiment(), folder.path)
    if suffix == "safetensors":  # of a manifest alone nothing tells that the network was trained
        assert any(f"{file} is missing; its network is trained again" in note for note in notes)
    assert file.exists()
    assert_same_numbers(comparison, finished)


def test_what_lies_in_the_place_of_a_folder_is_told_beside_a_run_of_another_version(tmp_path):
    (tmp_path / "records").write_text("mine")
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    (damage,) = damaged_files(RunFolder(tmp_path))
    assert damage.file == tmp_path / "records"


def test_records_in_each_others_places_are_damaged(folder, finished, small_experiment):
    # these share a network, so nothing but the name tells them apart
    files = [folder.record_file(name, 0) for name in ("no_change", "threshold_moving")]
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, contents[::-1], strict=True):
        file.write_bytes(content)
    failures = load_comparison(folder.path).failures
    assert failures["error"].str.contains("it holds the record of").tolist() == [True, True]
    comparison, notes = execute(small_experiment(), folder.path)
    assert sum("was damaged (it holds the record of" in note for note in notes) == 2
    assert_same_numbers(comparison, finished)


def test_splits_of_another_seed_are_damaged(small_experiment, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: comparison)
    folder = RunFolder(tmp_path / "run")
    execute(small_experiment(seeds=2), folder.path, "no_change")
    shutil.copy(folder.split_file(1), folder.split_file(0))
    with pytest.raises(DamagedFileError, match=r"seed0.json is damaged: it holds other splits"):
        load_comparison(folder.path)
    _, notes = execute(small_experiment(seeds=2), folder.path, "no_change")
    assert any("seed0.json was damaged (it holds other splits than run.json" in n for n in notes)
    load_comparison(folder.path)


def test_strategies_of_a_damaged_manifest_come_back_without_training(
    folder, finished, small_experiment
):
    flip(folder.run_file, 0.5)
    comparison, _ = execute(small_experiment(), folder.path, "no_change")
    assert comparison.strategies == ["no_change"]
    assert folder.read_record("class_weights", 0)
    execute(small_experiment(), folder.path, "no_change")  # a choice of what the folder names
    assert folder.read_record("class_weights", 0) is None
    executor = api.plan(small_experiment(), RunOptions(STRATEGIES, out=folder.path))
    assert not executor.segments_to_train()
    assert_same_numbers(execute(small_experiment(), folder.path)[0], finished)


@pytest.mark.parametrize("name", ["splits", "records", "outputs", "states", "figures"])
def test_a_file_in_the_place_of_a_folder_is_set_aside(folder, finished, small_experiment, name):
    path = folder.path / name
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("mine")
    comparison, notes = execute(small_experiment(), folder.path)
    assert any(f"{path} was damaged (it is no folder): set aside as" in note for note in notes)
    assert path.with_name(f"{name}.damaged").read_text() == "mine"
    assert_same_numbers(comparison, finished)


@pytest.mark.parametrize("name", ["splits", "records", "outputs", "states", "figures"])
def test_a_link_in_the_place_of_a_folder_is_refused_and_what_it_points_to_stays(
    folder, small_experiment, tmp_path, name
):
    kept = tmp_path / "kept"
    kept.mkdir()
    names = ["mine.json", "mine.safetensors", ".mine.json.tmp", "mine.svg"]
    for file in names:
        (kept / file).write_text("mine")
    shutil.rmtree(folder.path / name, ignore_errors=True)
    (folder.path / name).symlink_to(kept)
    with pytest.raises(ValueError, match=f"{name} is a link, which no run follows; remove it"):
        execute(small_experiment(), folder.path)
    assert sorted(file.name for file in kept.iterdir()) == sorted(names)
    assert {file.read_text() for file in kept.iterdir()} == {"mine"}


def test_files_that_are_links_are_replaced_and_what_they_point_to_stays(
    folder, finished, small_experiment, tmp_path
):
    network = folder.read_manifest().strategies[0].networks[0]
    outputs = folder.outputs_manifest_file(network)
    files = [outputs, outputs.with_suffix(".safetensors"), folder.cost_file]
    files += [folder.record_file("no_change", 0), folder.split_file(0), folder.run_file]
    files += [folder.heartbeat_file(network), folder.state_file(network)]
    files += [folder.partial_file(network), folder.error_file(network)]
    (folder.path / "states").mkdir(exist_ok=True)
    kept = tmp_path / "kept"
    kept.write_text("mine")
    for file in files:
        file.unlink(missing_ok=True)
        file.symlink_to(kept)
    comparison, _ = execute(small_experiment(), folder.path)
    assert kept.read_text() == "mine"
    assert not any(file.is_symlink() for file in files)
    assert_same_numbers(comparison, finished)


def content_of(folder):
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    return {
        file.relative_to(folder.path): file.read_bytes() for file in files if file.stat().st_size
    }


NAMES = {
    "record": lambda folder: folder.record_file("class_weights", 0),
    "splits": lambda folder: folder.split_file(0),
    "run.json": lambda folder: folder.run_file,
    "cost.json": lambda folder: folder.cost_file,
    "outputs": lambda folder: next((folder.path / "outputs").glob("*.json")),
    "tensors": lambda folder: next((folder.path / "outputs").glob("*.safetensors")),
    **{f"{name}/": lambda folder, name=name: folder.path / name for name in ("records", "splits")},
    "outputs/": lambda folder: folder.path / "outputs",
    "states/": lambda folder: folder.path / "states",
}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EMFILE], ids=["closed", "no handle left"])
@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_read_now_costs_nothing(
    folder, finished, small_experiment, monkeypatch, name, number
):
    (folder.path / "states").mkdir(exist_ok=True)
    before, file = content_of(folder), NAMES[name](folder)
    with monkeypatch.context() as patch:
        close(patch, number, file)
        words = (
            rf"{file}\S* can't be read \({os.strerror(number)}\); it stays as it is: .+, and run"
        )
        with pytest.raises(UnreadableError, match=words):
            execute(small_experiment(), folder.path)
    assert content_of(folder) == before
    comparison, notes = execute(small_experiment(), folder.path)
    assert not any("damaged" in note for note in notes)
    assert_same_numbers(comparison, finished)


def test_a_record_that_cannot_be_read_now_is_a_failed_row(folder, finished, monkeypatch):
    file = folder.record_file("class_weights", 0)
    close(monkeypatch, errno.EACCES, file)
    comparison = load_comparison(folder.path)
    (failure,) = comparison.failures.to_dict("records")
    assert f"{file} can't be read (Permission denied); it stays as it is" in failure["error"]
    assert any("1 record can't be read, so a row" in m for m in comparison.lacks)
    monkeypatch.undo()
    assert_same_numbers(comparison, finished, without=["class_weights"])


@pytest.mark.parametrize("name", ["records", "splits"])
def test_a_report_needs_the_folders_open_that_it_reads(folder, monkeypatch, name):
    with monkeypatch.context() as patch:
        close(patch, errno.EACCES, folder.path / "outputs")
        assert load_comparison(folder.path).failures.empty
    close(monkeypatch, errno.EACCES, folder.path / name)
    with pytest.raises(UnreadableError, match=rf"run/{name} can't be read .+: let this user read"):
        load_comparison(folder.path)


def test_a_report_follows_no_link_either(folder, tmp_path):
    (folder.path / "records").rename(tmp_path / "elsewhere")
    (folder.path / "records").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"run/records is a link, which no run follows"):
        load_comparison(folder.path)


def test_a_record_of_another_run_is_named(folder, finished):
    file = folder.record_file("class_weights", 0)
    record = folder.read_record("class_weights", 0)
    folder.write_record(replace(record, network="f" * 64))
    comparison = load_comparison(folder.path)
    (failure,) = comparison.failures.to_dict("records")
    assert f"the record is another run's ({file}: the folder has no outputs" in failure["error"]
    assert any("1 record is another run's, so" in m for m in comparison.lacks)
    baseline = folder.read_record("no_change", 0)
    folder.write_record(replace(record, network=baseline.network))
    assert "the record is out of date" in load_comparison(folder.path).failures["error"][0]
    folder.outputs_manifest_file(record.network).unlink()
    (error,) = load_comparison(folder.path).failures["error"]
    assert error.startswith(f"not trained yet: run the command again ({file} is of another network")


@pytest.mark.parametrize("before", ["", "--out /gone/run ", "--out=/gone/run "])
def test_the_command_that_mends_a_moved_run_names_its_folder_now(folder, before):
    command = f"python -m benchmark run {before}--data 'my images'"
    folder.write_manifest(replace(folder.read_manifest(), command=command))
    moved = RunFolder(folder.path.rename(folder.path.with_name("other place")))
    moved.split_file(0).unlink()
    with pytest.raises(DamagedFileError) as error:
        load_comparison(moved.path)
    assert "gone" not in str(error.value)
    assert f"--out '{moved.path}'" in str(error.value)
    assert "--data 'my images'" in str(error.value)
