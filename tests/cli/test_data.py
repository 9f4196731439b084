"""The verb `data`."""

import shutil

import pytest
from PIL import Image

from benchmark.cli import main


@pytest.fixture
def two_levels(image_folder, tmp_path):
    """Classes of 12 and 5 images below one folder, and another of 30."""
    for name, top in {"common": "most", "middling": "few", "rare": "few"}.items():
        shutil.copytree(image_folder / name, tmp_path / "set" / top / name)
    return str(tmp_path / "set")


def test_a_class_level_is_taken(two_levels, capsys):
    assert main(["data", two_levels, "--class-level", "2"]) == 0
    assert "classes     3" in capsys.readouterr().out
    assert main(["data", two_levels]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "classes 2" in printed
    assert "in 3 folders that are merged into 2 classes" in printed
    assert "--class-level 2" in printed


def test_a_class_level_of_zero_is_an_error(two_levels, capsys):
    assert main(["data", two_levels, "--class-level", "0"]) != 0
    assert "class level '0' is not allowed" in capsys.readouterr().err.replace(" 0 ", " '0' ")


def test_classes_are_merged(image_folder, tmp_path, capsys):
    shutil.copytree(image_folder, tmp_path / "set")
    (tmp_path / "set/rare").rename(tmp_path / "set/Common")
    assert main(["data", str(tmp_path / "set")]) == 0
    assert "--merge-classes" in capsys.readouterr().out
    assert main(["data", str(tmp_path / "set"), "--merge-classes"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "'Common' (5) and 'common' (30) into 'common'" in printed


def test_a_refusal_is_an_error_without_a_traceback(image_folder, tmp_path, capsys):
    for split in ("train", "test"):
        shutil.copytree(image_folder / "rare", tmp_path / split)
    assert main(["data", str(tmp_path)]) != 0
    assert "error: " in (error := capsys.readouterr().err)
    assert "train and test are named like splits" in error


def test_the_split_of_a_run_is_shown_with_its_profile(image_folder, capsys):
    assert main(["data", str(image_folder), "--imbalance", "exp:6@train"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Made imbalanced (exp:6@train)" in printed
    assert "Validation and test keep their images." in printed
    assert main(["data", str(image_folder), "--resplit"]) != 0
    assert "come without a split" in capsys.readouterr().err


def test_duplicates_have_a_page_whose_place_is_named(leaking_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", str(leaking_folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Pictures of the duplicates: results/data-leaking/duplicates.html" in printed
    assert "2 images looking the same as another, 2 in another split, 1 in another class" in printed
    assert (tmp_path / "results/data-leaking/duplicates.html").stat().st_size > 10_000
    assert (tmp_path / "results/data-leaking/duplicates.csv").exists()


def test_duplicates_are_kept_together_on_request(leaking_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", str(leaking_folder), "--keep-duplicates-together"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 train images share their group, content or look" in printed
    assert "2 images looking the same as another, 0 in another split" in printed


def test_a_place_that_takes_no_page_leaves_the_summary(
    leaking_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").write_text("a file")
    assert main(["data", str(leaking_folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "No pictures of the duplicates: " in printed
    assert "classes 2" in printed


def test_without_duplicates_nothing_is_written(image_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", str(image_folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "no two images are byte-identical or look the same" in printed
    assert not (tmp_path / "results").exists()


def test_images_that_were_not_compared_are_said_and_listed(
    leaking_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for path in leaking_folder.glob("test/*/*.png"):
        Image.new("RGB", (30, 30), (len(path.name), 3, 7)).save(path)
    assert main(["data", str(leaking_folder), "--keep-duplicates-together"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "too small, too dark or too flat to be compared reliably (" in printed
    listed = (tmp_path / "results/data-leaking/not_judged.csv").read_text().splitlines()
    assert f"List of {len(listed) - 1} images of which copies may be missed" in printed


def test_a_page_is_written_on_request(leaking_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", str(leaking_folder), "--page"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Page of the data set: results/data-leaking/data.html" in printed
    page = (tmp_path / "results/data-leaking/data.html").read_text("utf-8")
    assert "Duplicates: in two splits (2)" in page
    assert main(["data", str(leaking_folder)]) == 0
    assert not (tmp_path / "results/data-leaking/data.html").exists()
