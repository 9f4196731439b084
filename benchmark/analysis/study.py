"""The answers of a study as tables: every sentence of its page follows from their numbers alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.best_cell import is_of_images
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.contrasts import Estimate, Term, contrast
from benchmark.analysis.shares import cell, shares
from benchmark.analysis.sweep import SweepComparison
from benchmark.execution.same_training import train_the_same, why_the_same
from benchmark.plan.studies import Study
from benchmark.plan.sweep import run_name

METRICS = ("accuracy", "macro_f1")
BASELINE = [
    *("strategy", "plain", "run", "classes"),
    *("train_images", "largest_class", "smallest_class", "seeds"),
    *("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high"),
    *("train_accuracy", "never_predicted", "largest_never_predicted"),
    *("backbone", "as_given", "as_right"),  # of wrong-labelled training images; NaN without any
]
CAUSES = ["cause", "classes", "classes_never_predicted"]
REMEDIES = [
    *("strategy", "status", "never_predicted", "never_predicted_by_seed", "likely_causes"),
    *("macro_f1_change", "macro_f1_low", "macro_f1_high"),
    *("accuracy_change", "accuracy_low", "accuracy_high", "time_ratio"),
]
CHANGES = [
    *("setting", "value", "against", "metric", "effect", "low", "high", "seeds"),
    *("never_predicted", "never_predicted_before", "train_accuracy", "train_accuracy_before"),
    "same_because",  # why the very same networks are trained; "" where others are
]
SHARES = [
    *("metric", "setting", "value", "against", "effect", "low", "high"),
    *("share", "share_low", "share_high", "total", "total_low", "total_high", "seeds"),
]
BEST = [
    *("run", "strategy", "validation", "test", "low", "high", "choices"),
    *("change", "change_low", "change_high"),  # against the baseline in the reference
]


@dataclass(frozen=True)
class StudyTables:
    """What a study found. The reference is the run with the values that the question asks about."""

    baseline: pd.DataFrame  # one row: BASELINE, plain fine-tuning in the reference run
    causes: pd.DataFrame  # one row per cause of an ignored class in it: CAUSES, means over seeds
    remedies: pd.DataFrame  # one row per other strategy in the reference run: REMEDIES
    changes: pd.DataFrame  # one row per other value of a setting and metric: CHANGES
    shares: pd.DataFrame  # one row per improved setting and metric: SHARES, in the reference's loss
    best: pd.DataFrame  # one row: BEST, chosen on validation

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables by the names of their CSV files."""
        return {f"{name}.csv": frame for name, frame in vars(self).items()}


def study_tables(study: Study, sweep: SweepComparison) -> StudyTables:
    """Return the answers of a study from its grid.

    Raises
    ------
    ValueError
        If the grid lacks a run that the question asks about, naming it, or has no baseline, or
        that failed in the run.
    """
    if sweep.baseline is None:
        raise ValueError(f"the runs in {sweep.folder} have no baseline in common")
    reference = cell(sweep, study.reference, sweep.baseline).run
    if _seed_rows(reference, sweep.baseline).empty:
        raise ValueError(
            f"the baseline {sweep.baseline} failed, so there is nothing to compare with; the "
            f"report in {reference.folder} has its error. Once that is mended, run the command "
            "again, with --retry-failed; or choose another --baseline"
        )
    return StudyTables(
        baseline=pd.DataFrame([_baseline_row(sweep, study, reference)], columns=BASELINE),
        causes=_causes(reference, sweep.baseline),
        remedies=pd.DataFrame(_remedy_rows(reference, sweep.baseline), columns=REMEDIES),
        changes=pd.DataFrame(_change_rows(study, sweep, sweep.baseline), columns=CHANGES),
        shares=pd.DataFrame(_share_rows(study, sweep, sweep.baseline), columns=SHARES),
        best=pd.DataFrame(_best_rows(study, sweep), columns=BEST),
    )


def _baseline_row(sweep: SweepComparison, study: Study, reference: Comparison) -> dict[str, Any]:
    name = str(sweep.baseline)
    own = _seed_rows(reference, name)
    classes = reference.per_class[reference.per_class["strategy"] == name]  # of each seed
    sizes = classes["train_count"]
    row = {
        "strategy": name,
        "plain": not reference.manifest.available[name].components,
        "run": cell_name(sweep, study),
        "classes": len(reference.classes),
        "train_images": round(sizes.groupby(classes["seed"]).sum().mean()),
        "largest_class": sizes.max(),
        "smallest_class": sizes.min(),
        "seeds": len(own),
        "train_accuracy": own["train_accuracy"].mean(),
        "never_predicted": own["never_predicted"].mean(),
        "largest_never_predicted": sizes[classes["predicted"] == 0].max(),
        "backbone": str(reference.manifest.experiment.settings.get("backbone", "")),
    }
    wrong = reference.findings.wrong_labels
    for column in ("as_given", "as_right"):
        row[column] = wrong.loc[wrong["strategy"] == name, column].mean()
    intervals = reference.intervals[reference.intervals["strategy"] == name]
    for numbers in intervals[intervals["metric"].isin(METRICS)].to_dict("records"):
        metric = numbers["metric"]
        row |= {metric: numbers["value"]}
        row |= {f"{metric}_{bound}": numbers[bound] for bound in ("low", "high")}
    return row


def cell_name(sweep: SweepComparison, study: Study) -> str:
    """Return the name of the reference run."""
    return run_name(sweep.settings, tuple(study.reference[name] for name in sweep.settings))


def _causes(reference: Comparison, strategy: str) -> pd.DataFrame:
    """Count the classes that a strategy ignores by likely cause, mean over the seeds: CAUSES."""
    diagnoses = reference.findings.diagnoses
    diagnoses = diagnoses[diagnoses["strategy"] == strategy]
    seeds = max(1, len(_seed_rows(reference, strategy)))
    rows = [
        (cause, len(rows) / seeds, rows["never_predicted"].astype(bool).sum() / seeds)
        for cause, rows in diagnoses.groupby("cause", sort=False)
    ]
    table = pd.DataFrame(rows, columns=CAUSES)
    return table.sort_values("classes", ascending=False, kind="stable", ignore_index=True)


def _remedy_rows(reference: Comparison, baseline: str) -> Iterator[dict[str, Any]]:
    """Yield what each strategy buys and costs against the baseline, in the same run."""
    seconds = _seed_rows(reference, baseline)["seconds"].mean()
    status = reference.summary.set_index("strategy")["status"].to_dict()
    for name in reference.strategies:
        if name == baseline:
            continue
        own = _seed_rows(reference, name)
        row: dict[str, Any] = {"strategy": name, "status": status[name]}
        if len(own):
            changes = contrast([Term(1.0, reference, name), Term(-1.0, reference, baseline)])
            row["never_predicted"] = own["never_predicted"].mean()
            row["likely_causes"] = _causes_in_words(_causes(reference, name))
            row["never_predicted_by_seed"] = ", ".join(f"{n:g}" for n in own["never_predicted"])
            row["time_ratio"] = own["seconds"].mean() / seconds if seconds else np.nan
            for metric in METRICS:
                if change := changes.get(metric):
                    row |= {
                        f"{metric}_change": change.value,
                        f"{metric}_low": change.low,
                        f"{metric}_high": change.high,
                    }
        yield row


def _causes_in_words(causes: pd.DataFrame) -> str:
    """Return the causes of classes that are never predicted, with their number: "few images 2"."""
    left = causes[causes["classes_never_predicted"] > 0]
    pairs = zip(left["cause"], left["classes_never_predicted"], strict=True)
    return ", ".join(f"{cause} {number:.1f}".removesuffix(".0") for cause, number in pairs)


def _change_rows(study: Study, sweep: SweepComparison, baseline: str) -> Iterator[dict[str, Any]]:
    """Yield what another value of one setting changes, all others as in the reference."""
    before = cell(sweep, study.reference, baseline, -1.0)
    for setting, values in study.axes.items():
        for value in values[1:]:
            after = cell(sweep, {**study.reference, setting: value}, baseline)
            old, new = (_seed_rows(term.run, baseline) for term in (before, after))
            shared = {
                "setting": setting,
                "value": value,
                "against": values[0],
                "never_predicted": new["never_predicted"].mean(),
                "never_predicted_before": old["never_predicted"].mean(),
                "train_accuracy": new["train_accuracy"].mean(),
                "train_accuracy_before": old["train_accuracy"].mean(),
                "same_because": _same_because(setting, before.run, after.run),
            }
            estimates = contrast([after, before])
            for metric in METRICS:
                if metric in estimates:
                    yield {**shared, "metric": metric, **_effect(estimates[metric])}


def _same_because(setting: str, before: Comparison, after: Comparison) -> str:
    is_same = train_the_same(before.manifest, after.manifest)
    return why_the_same(setting, before.manifest.experiment) if is_same else ""


def _share_rows(study: Study, sweep: SweepComparison, baseline: str) -> Iterator[dict[str, Any]]:
    """Yield the part of each improved setting in what all of them change together.

    A setting under whose values the same networks are trained has none.
    """
    start = study.reference
    void = {same.setting for same in sweep.same_values if same.in_all}
    end = start | {name: study.axes[name][-1] for name in study.improved if name not in void}
    for metric in METRICS:
        total, parts = shares(sweep, baseline, start, end, metric)
        if total is None:
            continue
        for part in parts:
            bounds = {"share": np.nan, "share_low": np.nan, "share_high": np.nan}
            if part.share:
                numbers = (part.share.value, part.share.low, part.share.high)
                bounds = dict(zip(bounds, numbers, strict=True))
            yield {
                "metric": metric,
                "setting": part.setting,
                "value": end[part.setting],
                "against": start[part.setting],
                **_effect(part.effect),
                **bounds,
                "total": total.value,
                "total_low": total.low,
                "total_high": total.high,
            }


def _best_rows(study: Study, sweep: SweepComparison) -> Iterator[dict[str, Any]]:
    """Yield the best cell with the images and labels that the question asks about."""
    for best in sweep.best_cells:
        values = sweep.values[sweep.names.index(best.run)]
        own = zip(sweep.settings, values, strict=True)
        if all(study.reference[name] == value for name, value in own if is_of_images(name)):
            terms = [
                Term(1.0, sweep.run_named(best.run), best.strategy),
                cell(sweep, study.reference, str(sweep.baseline), -1.0),
            ]
            change = contrast(terms).get("macro_f1")
            numbers = (change.value, change.low, change.high) if change else (np.nan,) * 3
            columns = ("change", "change_low", "change_high")
            yield dataclasses.asdict(best) | dict(zip(columns, numbers, strict=True))


def _effect(estimate: Estimate) -> dict[str, float]:
    numbers = dataclasses.asdict(estimate)
    return {"effect": numbers.pop("value"), **numbers}


def _seed_rows(run: Comparison, strategy: str) -> pd.DataFrame:
    """Return the rows of the seeds that a strategy finished, with numbers as numbers."""
    rows = run.seed_rows
    own = rows[(rows["strategy"] == strategy) & (rows["status"] == "ok")]
    numbers = ("train_accuracy", "never_predicted", "seconds")
    return own.astype(dict.fromkeys(numbers, float))
