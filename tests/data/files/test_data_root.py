"""Where links end."""

import os
from pathlib import Path

from benchmark.data.files.data_root import DataRoot, is_plain


def test_what_leads_inside_and_what_leaves(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "root2").mkdir()
    (tmp_path / "link").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "root2")
    for data_root in (DataRoot.open(root), DataRoot.open(tmp_path / "link")):
        assert data_root.holds(root)
        assert data_root.holds(tmp_path / "link/any.png")
        assert not data_root.holds(root / "out")
        assert not data_root.holds(root / "../root2")
    assert DataRoot.open(root, allow_outside=True).holds(root / "out")


def test_a_folder_is_entered_once_and_none_above_the_root(tmp_path):
    (tmp_path / "root/a").mkdir(parents=True)
    data_root = DataRoot.open(tmp_path / "root", allow_outside=True)
    assert data_root.enter(tmp_path / "root")
    assert data_root.enter(tmp_path / "root/a")
    assert not data_root.enter(tmp_path / "root/a/../a")
    assert not data_root.enter(tmp_path)


def test_pipes_and_devices_are_not_plain(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not is_plain((tmp_path / "pipe").stat().st_mode)
    assert not is_plain(Path("/dev/null").stat().st_mode)
    assert is_plain(tmp_path.stat().st_mode)
