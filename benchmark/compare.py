"""A finished run as tables: what the report shows, the CSV files hold and a notebook works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Every strategy of one run side by side. C classes, S strategies.

    Classes are everywhere in one order: by training size, largest first, ties by name.
    """

    folder: Path
    run: dict[str, Any]  # run.json: experiment, data, weights, environment
    classes: list[str]
    train_counts: list[int]  # (C,) mean over seeds, before any resampling
    test_counts: list[int]  # (C,) sum over seeds
    strategies: list[str]  # as asked, failed ones included
    control: str | None  # the strategy that changes nothing, if it was asked for
    descriptions: dict[str, str]  # strategy -> its docstring
    seeds: list[int]
    summary: pd.DataFrame  # one row a strategy: the columns of summary.csv
    seed_rows: pd.DataFrame  # one row a strategy and seed: the columns of seeds.csv
    per_class: pd.DataFrame  # one row a strategy, seed and class: the columns of per_class.csv
    predictions: pd.DataFrame  # one row a strategy, seed, val or test image
    curves: pd.DataFrame  # strategy, seed, step, phase, train_loss, val_loss, val_macro_f1, ...
    confusion: dict[str, np.ndarray]  # strategy -> (C, C) test counts over seeds, rows are the truth
    failures: pd.DataFrame  # strategy, seed, error, traceback
    messages: list[str]  # warnings a reader must know
