"""Where the pictures of a class stand, for links from the report."""

import re

from benchmark.analysis.comparison import Comparison
from benchmark.execution.run_folder import RunFolder
from benchmark.storage.stored_file import is_there


def class_id(index: int) -> str:
    """Return the anchor of a class, by its index in the manifest: no name of the user's is in it.

    >>> class_id(3)
    'class-3'
    """
    return f"class-{index}"


def class_links(comparison: Comparison) -> dict[str, str] | None:
    """Return where the pictures of classes stand, by name; None of a run without a gallery.

    It is the gallery that lies beside the report, whichever run of these data has written it.
    """
    file = RunFolder(comparison.folder).gallery_file
    if not is_there(file):
        return None
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # it can't be read now, or is no page of ours
        return None
    sections = set(re.findall(r'<section id="(class-\d+)"', text))
    classes = {name: class_id(k) for k, name in enumerate(comparison.manifest.data.classes)}
    return {name: f"{file.name}#{id}" for name, id in classes.items() if id in sections}
