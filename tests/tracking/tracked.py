"""A run as trackers are given it, made of few numbers."""

from benchmark.tracking.tracked_run import TrackedRun, TrackedTraining

NAME = "focal_loss:gamma=1.0"


def tracked_run(folder):
    """Return a run of a strategy that finished and one that failed, with two files."""
    (folder / "figures").mkdir(parents=True)
    files = (folder / "report.html", folder / "figures" / "recall.svg")
    for file in files:
        file.write_text(f"content of {file.name}")
    steps = {"val_macro_f1": [(5, 0.25), (10, 0.5)], "train_loss": [(4, 2.0), (10, 1.0)]}
    done = TrackedTraining(NAME, 3, {"gamma": "1.0"}, steps, {"macro_f1": 0.625})
    failed = TrackedTraining("mine", 3, {}, {}, {}, "RuntimeError: no")
    scores = {f"{NAME}/macro_f1": 0.625, f"{NAME}/macro_f1_low": 0.5}
    parameters = {"lr": "0.001", "plugin": "x" * 5000}
    return TrackedRun("photos", folder, parameters, scores, "It helps.", (done, failed), files)
