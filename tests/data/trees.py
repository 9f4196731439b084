"""Folders of files with the names of images; they are listed, never decoded."""

from pathlib import Path


def make_files(root: Path, counts: dict[str, int], suffix: str = ".jpg") -> Path:
    """Make so many files in each folder below `root`, `000.jpg` and on; return `root`."""
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (root / folder / f"{number:03}{suffix}").write_bytes(f"{folder} {number}".encode())
    return root
