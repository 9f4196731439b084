"""Where a run goes: into its own folder, and never over what another made."""

import os
import shutil
from pathlib import Path

import pytest

from benchmark import api
from benchmark.execution.damaged_files import damaged_files, set_aside_all
from benchmark.execution.manifest import write_manifest
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import Timer
from tests.edited_json import edited_json
from tests.notes import Notes


@pytest.fixture
def begin(small_experiment, tmp_path, monkeypatch):
    """Return a function that plans a run and writes its manifest, as a run that begins does."""
    monkeypatch.chdir(tmp_path)

    def plan(names="no_change", out=None, tune=0, **settings):
        notes = Notes()
        executor = api.plan(
            small_experiment(**settings), RunOptions(names, out=out, tune=tune), notes
        )
        if begin.set_aside:
            set_aside_all(damaged_files(executor.folder))
        write_manifest(executor, "command")
        begin.notes = [note for note in notes.texts if "results/" in note or "folder" in note]
        return executor.folder.path

    def begin(*args, **settings):
        return plan(*args, **settings)

    begin.set_aside = False
    return begin


@pytest.fixture
def labs(image_folder, tmp_path):
    """Three data sets of one name, the second and the third with other contents."""
    for lab in ("lab1", "lab2", "lab3/lab2"):
        shutil.copytree(image_folder, tmp_path / lab / "images")
    (tmp_path / "lab2/images/rare/000.png").unlink()
    (tmp_path / "lab3/lab2/images/rare/001.png").unlink()
    return tmp_path


def test_data_sets_of_one_name_get_folders_of_their_own_and_find_them_again(begin, labs):
    folders = {}
    for lab in ("lab1", "lab2", "lab3/lab2", "lab2", "lab3/lab2", "lab1"):
        path = begin(data=f"{lab}/images")
        assert folders.setdefault(lab, path) == path
    name = "images-forum-32px-small-no-weights-fp32-epochs1-0.5"
    assert [path.name for path in folders.values()] == [name, f"lab2-{name}", f"lab2-{name}-2"]
    specs = [RunFolder(path).read_manifest().data.spec for path in folders.values()]
    assert specs == [f"{lab}/images" for lab in folders]


def test_a_note_says_what_the_expected_folder_holds_and_where_the_run_goes(begin, labs):
    first = begin(data="lab1/images")
    assert begin.notes == []
    second = begin(data="lab2/images")
    assert begin.notes == [
        f"note: {first} holds another experiment (other images: 47 of lab1/images there, 46 of "
        f"lab2/images here); this run goes to {second}"
    ]
    shutil.rmtree(first)
    assert begin(data="lab2/images") == second
    assert begin.notes == [], "its own folder is there, and nothing is in its way"


def test_one_folder_written_in_several_ways_is_the_same_data(begin, labs):
    Path("link").symlink_to("lab1")
    spellings = ("lab1/images", "./lab1/images/", str(labs / "lab1/images"), "link/images")
    assert len({begin(data=spelling) for spelling in spellings}) == 1


def test_a_copy_of_the_images_is_the_same_experiment(begin, labs):
    shutil.copytree("lab1/images", "copy/images")
    assert begin(data="lab1/images") == begin(data="copy/images")


def test_images_that_changed_since_make_another_experiment_with_a_number(begin, labs):
    first = begin(data="lab1/images")
    shutil.copy("lab1/images/common/000.png", "lab1/images/common/new.png")
    shutil.move("lab1/images/common/001.png", "lab1/images/rare/moved.png")
    second = begin(data="lab1/images")
    assert second.name == f"{first.name}-2"
    (note,) = begin.notes
    assert "the images of lab1/images have changed since: 2 added, 1 removed)" in note
    assert begin(data="lab1/images") == second


@pytest.mark.parametrize(
    ("settings", "there", "here"),
    [
        ({"lr": 1e-2}, "lr 0.0001 there", "0.01 here"),
        ({"epochs": 1}, "epochs 1, 0.5 there", "1 here"),
        ({"recipe": "strong"}, "recipe forum there", "strong here"),
        ({"image_size": 16}, "image size 32 there", "16 here"),
        ({"imbalance": "exp:3"}, "imbalance natural there", "exp:3 here"),
        ({"fine_tune": "head"}, "fine-tune half there", "head here"),
        ({"batch_size": 4}, "batch size 8 there", "4 here"),
        ({"precision": "bf16"}, "precision float32 there", "bfloat16 here"),
        ({"quick": True}, "quick here", "not there"),
        ({"tune": 3}, "tune 0 there", "3 here"),
    ],
)
def test_another_setting_is_refused_in_the_folder_and_gets_another_one_by_default(
    begin, settings, there, here
):
    first = begin()
    assert begin(**settings) != first
    assert begin.notes == [], "another name shows the difference"
    out = begin(out="mine")
    before = (out / "run.json").read_bytes()
    with pytest.raises(
        ValueError, match=f"mine holds another experiment.*{there}, {here}"
    ) as error:
        begin(out="mine", **settings)
    assert str(error.value).endswith("Choose another --out, or remove mine")
    assert (out / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    "settings",
    [
        {"seeds": 2},
        {"seed_list": "7"},
        {"lr": 1e-4},
        {"fine_tune": "body"},
        {"batch_size": 8},
        {"device": "auto", "precision": "fp32"},
        {"names": "focal_loss"},
    ],
)
def test_what_changes_no_result_stays_in_the_folder(begin, settings):
    assert begin(out="mine") == begin(out="mine", **settings)


def test_auto_may_be_another_precision_on_another_device(begin):
    folder = RunFolder(begin(out="mine", precision="auto"))
    with edited_json(folder.run_file) as content:
        content["experiment"]["precision"] = "another"
    other = folder.run_file.read_bytes()
    begin(out="mine", precision="auto")
    folder.run_file.write_bytes(other)
    with pytest.raises(ValueError, match="precision another there, float32 here"):
        begin(out="mine", precision="fp32")


def test_a_run_of_an_earlier_version_is_left_alone(begin):
    expected = begin()
    text = '{"asked": []}'
    (expected / "run.json").write_text(text)
    other = begin()
    assert other.name.endswith(expected.name)
    assert other != expected
    assert "written by version 0.1" in begin.notes[0]
    with pytest.raises(ValueError, match=r"written by version 0.1"):
        begin(out=expected)
    assert (expected / "run.json").read_text() == text


@pytest.mark.parametrize("damage", ["truncated", "edited", "pipe", "folder", "link to nothing"])
def test_a_run_whose_manifest_is_damaged_goes_on_in_its_folder(begin, damage):
    expected = begin()
    file = expected / "run.json"
    text = file.read_text()
    file.unlink()
    {
        "truncated": lambda: file.write_text(text[:99]),
        "edited": lambda: file.write_text(text.replace("small", "smell")),
        "pipe": lambda: os.mkfifo(file),
        "folder": lambda: file.mkdir(),
        "link to nothing": lambda: file.symlink_to("nowhere"),
    }[damage]()
    folder = RunFolder(expected)
    begin.set_aside = True
    assert begin() == expected
    assert f"{file} is damaged (it" in begin.notes[0]
    assert "comes back when they are asked for, without training" in begin.notes[0]
    assert folder.lost_manifest
    assert folder.read_manifest().strategies


def test_a_damaged_manifest_of_other_images_is_left_alone(begin, labs):
    expected = begin(data="lab1/images")
    (expected / "run.json").write_text("{")
    with pytest.raises(ValueError, match=r"run.json is damaged, and .*seed0.json has other images"):
        begin(data="lab2/images", out=expected)
    assert (expected / "run.json").read_text() == "{"


@pytest.mark.parametrize("name", ["report.html", "summary.csv", "records/mine.json", "states/x"])
def test_files_that_no_run_made_are_not_replaced(begin, name, tmp_path):
    file = tmp_path / "study" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(ValueError, match=f"study holds {name.split('/')[0]}.* of no run"):
        begin(out="study")
    assert file.read_text() == "mine"


def test_a_folder_with_other_files_is_taken(begin, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "notes.txt").write_text("mine")
    assert begin(out="study") == Path("study")


def test_a_run_whose_manifest_was_removed_goes_on_in_its_folder(begin):
    folder = begin("no_change,focal_loss")
    (folder / "run.json").unlink()
    (folder / "report.html").write_text("")
    assert begin("no_change") == folder
    names = [s.name for s in RunFolder(folder).read_manifest().strategies if not s.is_null]
    assert names == ["no_change"]


def test_what_cannot_be_the_folder_of_a_run_is_refused(begin, labs):
    Path("file").write_text("")
    Path("loop").symlink_to("loop")
    run = begin(data="lab1/images", out="mine")
    (run / "records").mkdir()
    for out, reason in {
        "file": "file can't be a folder, since .*file is a file",
        "loop/a": "a can't be a folder, since .*loop is a link that leads nowhere",
        "a" * 300: "can't be a folder, since its name is too long",
        "file/below": "since .*file is a file",
        "lab1/images": "lab1/images is the folder of the images",
        "mine/records": "mine/records is a part of the run in .*mine",
        "mine/records/x": "is a part of the run in .*mine",
    }.items():
        with pytest.raises(ValueError, match=f"{reason}. Choose another --out$"):
            begin(data="lab1/images", out=out)
    assert begin(data="lab1/images", out="mine/") == run
    assert begin(data="lab1/images", out="mine/second") == Path("mine/second")


def test_a_home_folder_is_found(begin, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert begin(out="~/mine") == tmp_path / "mine"


def test_what_another_run_wrote_since_the_plan_is_not_replaced(small_experiment, tmp_path):
    options = RunOptions("no_change", out=tmp_path)
    executor = api.plan(small_experiment(), options)
    more = api.plan(small_experiment(), RunOptions("focal_loss", out=tmp_path))
    write_manifest(more, None)
    with pytest.raises(ValueError, match=r"holds more strategies or seeds than when.*run the com"):
        api.execute(executor, options, Timer())
    RunFolder(tmp_path).run_file.unlink()
    write_manifest(api.plan(small_experiment(lr=1e-2), options), None)
    with pytest.raises(ValueError, match=r"another experiment \(lr 0.01 there, 0.0001"):
        api.execute(executor, options, Timer())
