"""A journal of measurements survives being cut short."""

from tests.perf.journal import Journal


def test_a_line_that_was_cut_short_is_ignored_and_spoils_no_other(tmp_path):
    journal = Journal(tmp_path / "new" / "rows.jsonl")
    assert journal.rows() == []
    journal.add({"a": 1})
    with journal.path.open("a") as file:
        file.write('{"b": 2, "c')
    assert journal.rows() == [{"a": 1}]
    journal.add({"d": 3})
    assert journal.rows() == [{"a": 1}, {"d": 3}]
