"""Whether results may go to a folder."""

from pathlib import Path
from typing import Any

from benchmark.execution.run_folder import FOLDERS, RunFolder, why_links
from benchmark.plan.folder_name import is_same_source
from benchmark.storage.unwritable import obstacle_to_folder


def why_no_folder(path: Path, data: Any) -> str:
    """Return why no results of these data can go to `path`, whatever it holds; '' if they can."""
    whole = path.absolute()
    if obstacle := obstacle_to_folder(whole):
        return f"{path} can't be a folder, since {obstacle}"
    if is_same_source(data, str(whole)):
        return f"{path} is the folder of the images"
    if reason := why_links(path):
        return reason
    for inner in (whole, *whole.parents):
        if inner.name in FOLDERS and RunFolder(inner.parent).run_file.exists():
            return f"{path} is a part of the run in {inner.parent}"
    return ""
