"""Planted answers of a study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmark.analysis.study import (
    BASELINE,
    BEST,
    CAUSES,
    CHANGES,
    REMEDIES,
    SHARES,
    StudyTables,
)

BASE: dict[str, Any] = {
    "strategy": "no_change",
    "plain": True,
    "run": "fine-tune=head,label-noise=0.18",
    "classes": 17,
    "train_images": 2000,
    "largest_class": 600,
    "smallest_class": 6,
    "seeds": 3,
    **{"accuracy": 0.5, "accuracy_low": 0.45, "accuracy_high": 0.55},
    **{"macro_f1": 0.3, "macro_f1_low": 0.25, "macro_f1_high": 0.35},
    "train_accuracy": 0.52,
    "never_predicted": 8.0,
    "largest_never_predicted": 90,
    "backbone": "inception_v3",
    **{"as_given": float("nan"), "as_right": float("nan")},
}


def remedy(strategy: str, never: float = 0.0, f1: float = 0.1, accuracy: float = 0.0, **more: Any):
    """Return the row of a remedy with intervals of ±.05."""
    numbers = {}
    for metric, value in (("macro_f1", f1), ("accuracy", accuracy)):
        ends = {"change": value, "low": value - 0.05, "high": value + 0.05}
        numbers |= {f"{metric}_{end}": number for end, number in ends.items()}
    row = {"strategy": strategy, "status": "ok", "never_predicted": never, "time_ratio": 1.2}
    row["likely_causes"] = f"too few images {never:g}" if never else ""
    return row | numbers | {"never_predicted_by_seed": f"{never:g}"} | more


def change(setting: str, value: str, against: str, effect: float, width: float = 0.02, after=8.0):
    """Return the row of another value of a setting."""
    return {
        **{"setting": setting, "value": value, "against": against, "metric": "accuracy"},
        **{"effect": effect, "low": effect - width, "high": effect + width, "seeds": 3},
        **{"never_predicted": after, "never_predicted_before": 8.0},
        **{"train_accuracy": 0.9, "train_accuracy_before": 0.52},
    }


def share(setting: str, value: str, effect: float, total: float, width: float = 0.1):
    """Return the row of a setting's part in a total."""
    own = effect / total if abs(total) > 0.05 else float("nan")
    return {
        **{"metric": "accuracy", "setting": setting, "value": value, "against": "x"},
        **{"effect": effect, "low": effect - 0.02, "high": effect + 0.02, "seeds": 3},
        **{"share": own, "share_low": own - width, "share_high": own + width},
        **{"total": total, "total_low": total - 0.05, "total_high": total + 0.05},
    }


def best_cell(run: str, strategy: str, test: float = 0.6, change: float = 0.3, width: float = 0.1):
    """Return the row of the best cell of 24."""
    return {
        **{"run": run, "strategy": strategy, "validation": 0.61, "choices": 24},
        **{"test": test, "low": test - 0.05, "high": test + 0.05},
        **{"change": change, "change_low": change - width, "change_high": change + width},
    }


def planted(
    base: dict[str, Any] | None = None,
    causes: Any = (("prior bias", 5.0, 5.0), ("too few images", 3.0, 3.0)),
    remedies: Any = (),
    changes: Any = (),
    shares: Any = (),
    best: Any = (),
) -> StudyTables:
    """Return the tables of a study with these rows."""
    return StudyTables(
        baseline=pd.DataFrame([BASE | (base or {})], columns=BASELINE),
        causes=pd.DataFrame(list(causes), columns=CAUSES),
        remedies=pd.DataFrame(list(remedies), columns=REMEDIES),
        changes=pd.DataFrame(list(changes), columns=CHANGES),
        shares=pd.DataFrame(list(shares), columns=SHARES),
        best=pd.DataFrame(list(best), columns=BEST),
    )
