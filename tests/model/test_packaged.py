"""A file of weights in a package: it is found and checked, and no code of the package runs."""

import hashlib
import sys

import pytest

from benchmark.model.packaged import packaged_file
from benchmark.model.weights_source import Package

CONTENT = b"weights"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package whose code must not run."""
    folder = tmp_path / "some_weights"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "w.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return Package("some-weights==1.0", "some_weights", "w.pth", sha256, "theirs")


def test_the_file_of_a_package_is_found_without_its_code(package, tmp_path):
    assert packaged_file(package) == tmp_path / "some_weights" / "w.pth"
    assert "some_weights" not in sys.modules


def test_a_package_that_is_not_installed_is_named(package, tmp_path):
    (tmp_path / "some_weights").rename(tmp_path / "other")
    with pytest.raises(FileNotFoundError, match="the package some-weights is not installed"):
        packaged_file(package)


def test_another_file_is_not_used(package, tmp_path):
    (tmp_path / "some_weights" / "w.pth").write_bytes(b"other")
    with pytest.raises(OSError, match=r"w\.pth is damaged, or of another release"):
        packaged_file(package)


def test_a_file_that_is_not_there_is_named(package, tmp_path):
    (tmp_path / "some_weights" / "w.pth").unlink()
    with pytest.raises(OSError, match=r"w\.pth can't be read: No such file"):
        packaged_file(package)
