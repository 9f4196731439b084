"""Which segments a run trains, as a file."""

from types import SimpleNamespace

import pytest

from benchmark.execution.run_folder import RunFolder
from benchmark.execution.segment_list import ListedSegment, read_segment_list, write_segment_list


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def segment(key, parent=None):
    return SimpleNamespace(
        key=key,
        used_by=("plain", "weighted"),
        seed=3,
        parent=parent,
        start=10,
        end=50,
        is_final=parent is not None,
        has_children=parent is None,
    )


def test_what_is_written_is_read(folder):
    write_segment_list(folder, [segment("a" * 64), segment("b" * 64, "a" * 64)])
    first, second = read_segment_list(folder)
    assert first == ListedSegment("a" * 64, "plain = weighted", 3, None, 10, 50, False, True)
    assert (second.parent, second.is_final, second.has_children) == ("a" * 64, True, False)
    assert (first.name, first.steps) == ("plain = weighted (seed 3)", 40)
    write_segment_list(folder, [segment("c" * 64)])
    assert [s.key for s in read_segment_list(folder)] == ["c" * 64]


def test_without_a_file_or_with_a_damaged_one_there_are_none(folder):
    assert read_segment_list(folder) == ()
    folder.segments_file.parent.mkdir()
    folder.segments_file.write_text("{}")
    assert read_segment_list(folder) == ()


def test_it_goes_with_the_states(folder):
    write_segment_list(folder, [segment("a" * 64)])
    folder.discard_states()
    assert not folder.segments_file.exists()
