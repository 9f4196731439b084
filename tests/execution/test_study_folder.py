"""The folder of a study holds the answer to one question."""

from dataclasses import replace

import pytest

from benchmark.execution.study_folder import StudyFolder
from benchmark.plan.studies import OF_OWN_DATA, STUDIES
from benchmark.storage.stored_file import DamagedFileError

FORUM, NOISY = STUDIES["forum17"], STUDIES["noisy7"]


def test_a_study_is_read_as_it_was_written(tmp_path):
    folder = StudyFolder(tmp_path)
    folder.write(NOISY)
    study = folder.read()
    assert (study.name, study.question, study.improved) == (
        "noisy7",
        NOISY.question,
        NOISY.improved,
    )
    assert study.axes == dict(NOISY.axes)


def test_another_question_goes_elsewhere(tmp_path):
    """The same grid may answer it, but the page of the first would be written over."""
    folder = StudyFolder(tmp_path)
    assert folder.reason_against(FORUM) == ""
    folder.write(FORUM)
    assert folder.reason_against(FORUM) == ""
    for other in (NOISY, OF_OWN_DATA):
        assert folder.reason_against(other) == f"{tmp_path} holds the study forum17"
    earlier = replace(FORUM, axes=dict(FORUM.axes) | {"epochs": ("2", "9")})
    assert folder.reason_against(earlier).endswith(", of an earlier version with other values")
    folder.write(OF_OWN_DATA)
    assert folder.reason_against(FORUM) == f"{tmp_path} holds the study of your own images"


def test_a_damaged_file_is_written_anew_and_foreign_files_stay(tmp_path):
    folder = StudyFolder(tmp_path / "a")
    folder.write(FORUM)
    folder.file.write_text("{", encoding="utf-8")
    assert folder.reason_against(NOISY) == ""
    with pytest.raises(DamagedFileError):
        folder.read()
    (tmp_path / "mine.txt").touch()
    assert "mine.txt" in StudyFolder(tmp_path).reason_against(FORUM)


def test_a_lost_file_is_told_with_the_way_to_the_grid(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no study\.json .* `report .*grid`"):
        StudyFolder(tmp_path).read()
