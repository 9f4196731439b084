"""An audit of labels for notebooks and scripts. It needs the extra `labels`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.analysis.label_tables import LabelTables
from benchmark.execution.data_folder import find_data_folder, own, require_data_folder
from benchmark.execution.label_audit import LabelAudit, audit_labels
from benchmark.execution.prepare import open_images, prepare
from benchmark.model.backbone import HEAD
from benchmark.plan.audit_settings import AUDIT_SETTINGS, READ_BY
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import select, suggest
from benchmark.plugins import load_plugins
from benchmark.report.labels.files import FILES
from benchmark.report.labels.page import LabelFiles, build_page, write_label_files
from benchmark.report.render import html
from benchmark.storage.unwritable import require_writable
from benchmark.storage.user_folders import expand_home
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress
from benchmark.system.stopping import signals_as_elsewhere
from benchmark.system.text import printable_lines


@dataclass(frozen=True, repr=False)
class LabelsResult:
    """Which labels are likely wrong: tables as pandas frames, and the paths of what was written."""

    audit: LabelAudit
    tables: LabelTables
    files: LabelFiles

    @property
    def labels(self) -> pd.DataFrame:
        """One row per image that can be read, the most suspicious first, as in labels.csv."""
        return self.tables.labels

    @property
    def suspects(self) -> pd.DataFrame:
        """The rows of `labels` that look wrong."""
        return self.tables.suspects

    @property
    def classes(self) -> pd.DataFrame:
        """One row per class: its images, how many were judged, suspects and their share."""
        return self.tables.class_rates

    @property
    def confusions(self) -> pd.DataFrame:
        """One row per pair of classes: how many suspects of one look like the other."""
        return self.tables.confusions

    @property
    def copies(self) -> pd.DataFrame:
        """One row per pair of images that look the same and have different labels."""
        return self.tables.conflicts

    @property
    def label_file(self) -> Path:
        """The file in which labels are corrected, for the setting `labels`."""
        return self.files.label_file.path

    @property
    def reports(self) -> dict[str, Path]:
        """Files that were written: the page as `html`, the tables by their names."""
        return {"html": self.files.page, self.label_file.name: self.label_file, **self.files.tables}

    def __repr__(self) -> str:
        page = build_page(self.audit, self.tables, self.files.label_file)
        lines = (page.title, page.verdict, *page.highlights, *page.warnings)
        return printable_lines("\n".join([*lines, "", str(self.files.page)]))

    def _repr_html_(self) -> str:
        return html.render_notebook(build_page(self.audit, self.tables, self.files.label_file))


def labels(
    data: Any,
    *,
    out: str | Path | None = None,
    progress: Progress | bool | None = None,
    **settings: Any,
) -> LabelsResult:
    """Find labels that are likely wrong, as ``python -m benchmark labels`` does.

    Each image is judged by a linear classifier that has not seen it, on the features of the
    pretrained network. Nothing is changed or deleted. For example::

        result = benchmark.labels("my_images")
        result.suspects                     # a pandas frame
        benchmark.run("my_images", labels=result.label_file)  # once labels are corrected in it

    Parameters
    ----------
    data, progress
        As of `benchmark.run`.
    out
        Folder of the page and the tables; None: one for this data in results/.
    settings
        Those of `benchmark.run` that say how images are read and seen: class_level, merge_classes,
        allow_outside, labels, image_size, backbone, weights, device, precision, plugin and
        cache_limit.

    Raises
    ------
    ValueError, FileNotFoundError
        If a setting is not allowed, something that it names does not exist, or `out` holds
        something else.
    OSError
        If the folder can't be written, before any image is decoded.
    TypeError
        If an audit has no setting of a name.
    """
    for name in settings.keys() - set(AUDIT_SETTINGS):
        instead = suggest(name, AUDIT_SETTINGS, "=")
        raise TypeError(
            f"an audit of labels has no setting {name!r}.{instead} Known: "
            f"{', '.join(AUDIT_SETTINGS)}"
        )
    with signals_as_elsewhere():
        return _audit(data, out, choose_progress(progress), settings)


def _audit(
    data: Any, out: str | Path | None, progress: Progress, settings: dict[str, Any]
) -> LabelsResult:
    options = RunOptions(**select(RunOptions, settings))
    load_plugins(options.plugin)
    experiment = Experiment(data=data, **select(Experiment, settings), fine_tune=HEAD)
    images = open_images(experiment)
    if out is None:
        folder = find_data_folder(images, "labels", FILES)
    else:
        folder = require_data_folder(expand_home(out), images, FILES)
    require_writable(folder)  # known before minutes of decoding
    opened = replace(experiment, data=images, class_level=None, merge_classes=False)
    prepared = prepare(opened, progress, options.cache_limit, is_split=False)
    given = {name: value for name in READ_BY if (value := getattr(experiment, name))}
    in_memory = not isinstance(data, str | Path)
    audit = replace(audit_labels(prepared, progress), in_memory=in_memory, read_by=given)
    tables = LabelTables.from_audit(audit)
    own(folder, images)
    return LabelsResult(audit, tables, write_label_files(audit, tables, folder))
