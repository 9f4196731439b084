"""Sentences about what a walk left out."""

from benchmark.data.files.left_out import LeftOut


def test_each_kind_has_a_sentence_and_a_way_out_where_there_is_one():
    left_out = LeftOut(broken=["b", "a"], repeated=["up"], outside=["1", "2"], no_files=["p.jpg"])
    assert left_out.messages() == [
        "2 links lead nowhere: left out: a, b.",
        "1 link leads to a folder that is read anyway, or to one above the data: left out: up.",
        "2 links lead out of the folder: left out: 1, 2. Only files inside the data folder are "
        "opened: copy what they lead to into it (`cp -rL`), or give --allow-outside if you trust "
        "them.",
        "1 pipe, device or socket has the name of a file: left out: p.jpg.",
    ]
    assert LeftOut().messages() == []
