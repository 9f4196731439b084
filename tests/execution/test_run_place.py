"""Whether results may go to a folder."""

import re

from benchmark.execution.run_place import why_no_folder


def test_no_folder_of_a_run_is_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    assert not why_no_folder(tmp_path / "run", "digits")
    (tmp_path / "elsewhere" / "records").symlink_to(tmp_path)
    assert re.search(r"records is a link, which no run", why_no_folder(tmp_path / "run", "digits"))
