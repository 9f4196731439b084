"""The hyper-parameter search on validation: what was tried, and what was chosen."""

from collections.abc import Iterator

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Details, Paragraph, Table, as_code, make_row
from benchmark.report.render.formats import format_share
from benchmark.report.single.absent_classes import absent_from_validation_sentence
from benchmark.strategy.search_space import LR_FACTOR
from benchmark.system.text import join_names, pluralize

CSV = "tuning.csv"


def search_section(comparison: Comparison) -> Iterator[Block]:
    """Yield how parameters were chosen; nothing of a run without a search."""
    tuning, trials = comparison.manifest.tuning, trials_frame(comparison)
    if tuning is None or trials.empty:
        return
    number = pluralize(tuning.trials, "trial", "trials")
    yield Paragraph(
        f"Parameters were chosen before the comparison, by {number} of each strategy and seed, "
        f"starting with the defaults. {_rate_sentence(comparison, trials)} The highest macro-F1 on "
        "the seed's validation images won. "
        "Each seed chooses for itself, because validation images of one seed may be test images of "
        "another. No test image was used. A decision that is fitted on validation was scored by "
        "five-fold cross-validation there. The best of several scores is a little too high, so "
        "compare strategies by the test images only."
    )
    tuned = set(trials["strategy"])
    if fixed := [as_code(name) for name in comparison.strategies if name not in tuned]:
        stand = "stands" if len(fixed) == 1 else "stand"
        yield Paragraph(
            f"Without parameters to tune: {join_names(fixed)}, which {stand} untuned beside the "
            f"best of {number} of the others."
        )
    if sentence := absent_from_validation_sentence(comparison):
        yield Paragraph(sentence)
    yield _knobs_table(comparison)
    yield _chosen_table(trials)
    yield Details("All trials", (_trials_table(trials),))


def _rate_sentence(comparison: Comparison, trials: pd.DataFrame) -> str:
    """Say whether the learning rate was tuned, and that the number of steps was not."""
    steps = "the number of steps is the same for all, so that epochs were not tried"
    if trials["parameters"].str.contains(f"{LR_FACTOR}=").any():
        return (
            f"For every strategy, the baseline too, a factor on the recipe's learning rates "
            f"({as_code(LR_FACTOR)}) was tried as well; {steps}."
        )
    given = comparison.manifest.experiment.settings.get("lr") is not None
    reason = " because it was given" if given else ""
    return f"The learning rate was not tried{reason}; {steps}."


def _knobs_table(comparison: Comparison) -> Table:
    """Strategies × what was tuned and by how many trials: who had more to choose from."""
    results = comparison.manifest.tuning.results if comparison.manifest.tuning else ()
    seeds, rows = len(comparison.seeds), []
    for name in comparison.strategies:
        tried = [trial.parameters for trial in results if trial.strategy == name]
        parameters = list(dict.fromkeys(key for each in tried for key in each))
        count = f"{len(tried) / seeds:g}"
        rows.append(make_row(name, str(len(parameters)), ", ".join(parameters), count))
    titles = ("Strategy", "Parameters tuned", "Which", "Trials a seed")
    caption = "Who had how much to choose from: with more parameters, more can fit by chance."
    return Table(caption, titles, tuple(rows), frozenset({0, 2}), CSV)


def trials_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row per strategy, seed and trial."""
    tuning, rows = comparison.manifest.tuning, []
    for trial in tuning.results if tuning else ():
        parameters = ", ".join(f"{name}={value}" for name, value in trial.parameters.items())
        score = float("nan") if trial.score is None else trial.score
        rows.append((trial.strategy, trial.seed, 0, parameters, score))
    columns = ["strategy", "seed", "trial", "parameters", "val_macro_f1"]
    frame = pd.DataFrame(rows, columns=columns)
    by_study = frame.groupby(["strategy", "seed"], sort=False)
    frame["trial"] = by_study.cumcount() + 1
    is_best = frame["val_macro_f1"].eq(by_study["val_macro_f1"].transform("max"))
    order = is_best.groupby([frame["strategy"], frame["seed"]]).cumsum()
    return frame.assign(chosen=is_best & ~order.gt(1))  # of equal scores the first


def _chosen_table(trials: pd.DataFrame) -> Table:
    rows = []
    for (strategy, seed), study in trials.groupby(["strategy", "seed"], sort=False):
        chosen, scores = study[study["chosen"]], study["val_macro_f1"]
        parameters = chosen["parameters"].iloc[0] if len(chosen) else "none: all trials failed"
        failed = int(scores.isna().sum())
        tried = Cell(str(study["parameters"].nunique()), f"{failed} failed" if failed else "")
        default, best = (format_share(float(score)) for score in (scores.iloc[0], scores.max()))
        rows.append(make_row(str(strategy), str(seed), parameters, default, best, tried))
    titles = ("Strategy", "Seed", "Chosen", "Default", "Best", "Sets tried")
    caption = "Macro-F1 on validation with the default parameters and with the chosen ones."
    return Table(caption, titles, tuple(rows), frozenset({0, 2}), CSV, heading_columns=2)


def _trials_table(trials: pd.DataFrame) -> Table:
    rows = []
    for row in trials.to_dict("records"):
        keys = (str(row[name]) for name in ("strategy", "seed", "trial", "parameters"))
        mark = "best" if row["chosen"] else ""
        rows.append(make_row(*keys, Cell(format_share(row["val_macro_f1"]), mark=mark)))
    titles = ("Strategy", "Seed", "Trial", "Parameters", "Validation macro-F1")
    return Table("All trials.", titles, tuple(rows), frozenset({0, 3}), CSV, heading_columns=3)
