"""The tables of a label audit: each image, each class, large and small, confusions, copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.data.duplicates.copies import copies_table
from benchmark.data.tables.name_cells import one_line
from benchmark.evaluation.metrics.class_counts import shot_groups
from benchmark.evaluation.statistics.proportions import clopper_pearson
from benchmark.execution.label_audit import LabelAudit

# the groups of classes by their images, see `shot_groups`
LARGEST, BETWEEN, RAREST = GROUPS = ("largest", "between", "rarest")

EQUALLY_LARGE = 2  # times the images of the smallest class


@dataclass(frozen=True, eq=False)
class LabelTables:
    """What an audit found. A share is that of the images that were judged, with its bounds at 95 %.

    See `clopper_pearson`.
    """

    # A row an image, the most suspicious first: path, label, given, suggested, quality, suspect,
    # judged; its index is the image's own. `label` was judged, and in it a person writes what is
    # right. `given` is that of the data; where a file corrects labels, `corrected` is that of it
    labels: pd.DataFrame
    # class, group, images, judged, suspects, share, low, high; largest first
    class_rates: pd.DataFrame
    group_rates: pd.DataFrame  # group, classes, images, judged, suspects, share, low, high
    confusions: pd.DataFrame  # label, suggested, suspects; the most frequent first
    conflicts: pd.DataFrame  # file, class, copy_of, copy_of_class, kind

    @classmethod
    def from_audit(cls, audit: LabelAudit) -> LabelTables:
        """Return the tables of an audit."""
        labels = _labels(audit)
        suspects = labels[labels["suspect"]]
        class_rates = _class_rates(audit)
        pairs = suspects.groupby(["label", "suggested"]).size().rename("suspects").reset_index()
        copies = copies_table(list(audit.conflicts), audit.images, None)
        return cls(
            labels=labels,
            class_rates=class_rates,
            group_rates=_group_rates(class_rates),
            confusions=pairs.sort_values(
                "suspects", ascending=False, kind="stable", ignore_index=True
            ),
            conflicts=copies.drop(columns=["split", "copy_of_split"]),
        )

    @property
    def suspects(self) -> pd.DataFrame:
        """The rows of `labels` that look wrong."""
        return self.labels[self.labels["suspect"]]


def _labels(audit: LabelAudit) -> pd.DataFrame:
    images = audit.images
    names = np.array([one_line(name) for name in images.classes], dtype=object)
    uncorrected = images.uncorrected
    labels = names[audit.labels]
    given = labels if uncorrected is None else names[uncorrected[audit.readable]]
    corrected = {"corrected": np.where(labels != given, labels, "")}
    table = pd.DataFrame(
        {
            "path": [one_line(images.files[i]) for i in audit.readable.tolist()],
            "label": labels,
            "given": given,
            **({} if uncorrected is None else corrected),
            "suggested": np.where(audit.judged, names[audit.suggested], ""),
            "quality": audit.quality,
            "suspect": audit.suspect,
            "judged": audit.judged,
        },
        index=audit.readable,
    )
    return table.sort_values(["suspect", "quality"], ascending=[False, True], kind="stable")


def _class_rates(audit: LabelAudit) -> pd.DataFrame:
    classes = audit.images.classes
    images = np.bincount(audit.labels, minlength=len(classes))
    judged, suspects = (
        np.bincount(audit.labels[which], minlength=len(classes))
        for which in (audit.judged, audit.suspect)
    )
    has_images = images > 0  # a class without an image that can be read is not called rare
    groups = np.full(len(classes), BETWEEN, dtype=object)
    if images.max() >= EQUALLY_LARGE * images[has_images].min():  # else no class is rare
        groups[has_images] = np.array(GROUPS, dtype=object)[shot_groups(images[has_images])]
    table = pd.DataFrame(
        {
            **{"class": classes, "group": groups, "images": images},
            **{"judged": judged, "suspects": suspects},
        }
    )
    table = table.sort_values("images", ascending=False, kind="stable", ignore_index=True)
    return _with_shares(table)


def _group_rates(class_rates: pd.DataFrame) -> pd.DataFrame:
    sums = class_rates.groupby("group")[["images", "judged", "suspects"]].sum()
    sums.insert(0, "classes", class_rates.groupby("group").size())
    present = [group for group in GROUPS if group in sums.index]
    return _with_shares(sums.loc[present].reset_index())


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    suspects, judged = table["suspects"].to_numpy(), table["judged"].to_numpy()
    low, high = clopper_pearson(suspects, judged)
    shares = np.divide(suspects, judged, out=np.full(len(table), np.nan), where=judged > 0)
    return table.assign(share=shares, low=low, high=high)
