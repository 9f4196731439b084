"""MLflow: what was logged is read back, from MLflow itself where it is installed."""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tests.tracking.tracked import NAME, tracked_run


class Client:
    """Keeps runs as MLflow's client does, and takes no more in a request than it does."""

    tracking_uri = "memory"
    experiments, runs, metrics, files = {}, {}, {}, []

    def get_experiment_by_name(self, name):
        known = self.experiments.get(name)
        return known and SimpleNamespace(experiment_id=known)

    def create_experiment(self, name):
        return self.experiments.setdefault(name, str(len(self.experiments) + 1))

    def create_run(self, experiment, tags, run_name):
        info = SimpleNamespace(run_id=str(len(self.runs)), run_name=run_name, status="RUNNING")
        run = SimpleNamespace(info=info, data=SimpleNamespace(params={}, tags=tags))
        self.runs[info.run_id] = run
        return run

    def log_batch(self, run, metrics=(), params=()):
        assert len(metrics) <= 1000
        assert len(params) <= 100
        for metric in metrics:
            self.metrics.setdefault((run, metric.key), []).append(metric)
        self.runs[run].data.params.update({param.key: param.value for param in params})

    def log_artifact(self, run, file, below):
        assert below != "."
        self.files.append((run, file))

    def set_terminated(self, run, status="FINISHED"):
        self.runs[run].info.status = status

    def search_runs(self, experiments):
        return list(self.runs.values())

    def get_metric_history(self, run, key):
        return self.metrics.get((run, key), [])

    def list_artifacts(self, run, folder=None):
        return [SimpleNamespace(path=file) for owner, file in self.files if owner == run]


def modules():
    """The parts of MLflow that the tracker imports."""
    mlflow, entities, utils, tags = (ModuleType(name) for name in "abcd")
    mlflow.MlflowClient = Client
    entities.Metric = lambda key, value, timestamp, step: SimpleNamespace(
        key=key, value=value, step=step
    )
    entities.Param = lambda key, value: SimpleNamespace(key=key, value=value)
    tags.MLFLOW_PARENT_RUN_ID = "mlflow.parentRunId"
    names = ("mlflow", "mlflow.entities", "mlflow.utils", "mlflow.utils.mlflow_tags")
    return dict(zip(names, (mlflow, entities, utils, tags), strict=True))


@pytest.fixture(params=["stand-in", "real"])
def tracker(request, tmp_path, monkeypatch):
    """The tracker, with MLflow's store of files in a folder of its own, and a client that reads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # newer ones prefer a database
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    if request.param == "stand-in":
        for name, module in modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        for kept in (Client.experiments, Client.runs, Client.metrics, Client.files):
            kept.clear()
    monkeypatch.delitem(sys.modules, "benchmark.tracking.mlflow_tracker", raising=False)
    module = importlib.import_module("benchmark.tracking.mlflow_tracker")
    yield module, module.MlflowClient()
    sys.modules.pop("benchmark.tracking.mlflow_tracker", None)


def test_a_comparison_has_a_run_and_each_training_one_below_it(tracker, tmp_path):
    module, client = tracker
    where = module.track(tracked_run(tmp_path / "run"))
    assert "experiment imbalance-bench, run " in where
    experiment = client.get_experiment_by_name("imbalance-bench").experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(runs) == {"photos", f"{NAME} seed 3", "mine seed 3"}
    parent, done, failed = (runs[name] for name in ("photos", f"{NAME} seed 3", "mine seed 3"))
    assert {r.data.tags["mlflow.parentRunId"] for r in (done, failed)} == {parent.info.run_id}
    assert [r.info.status for r in (parent, done, failed)] == ["FINISHED", "FINISHED", "FAILED"]
    assert failed.data.tags["error"] == "RuntimeError: no"
    assert done.data.params == {"strategy": NAME, "seed": "3", "gamma": "1.0"}
    assert parent.data.params["lr"] == "0.001"
    assert len(parent.data.params["plugin"]) == 500

    def history(run, name):
        return [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]

    assert history(done, "val_macro_f1") == [(5, 0.25), (10, 0.5)]
    assert history(done, "train_loss") == [(4, 2.0), (10, 1.0)]
    assert history(done, "test_macro_f1") == [(10, 0.625)]
    assert history(parent, "focal_loss:gamma_1.0/macro_f1_low") == [(0, 0.5)]
    folders = (None, "figures")
    files = [
        f.path for folder in folders for f in client.list_artifacts(parent.info.run_id, folder)
    ]
    assert {"report.html", "recall.svg"} <= {path.rpartition("/")[2] for path in files}


def test_the_experiment_is_the_one_that_is_named(tracker, tmp_path, monkeypatch):
    module, client = tracker
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    module.track(tracked_run(tmp_path / "run"))
    module.track(tracked_run(tmp_path / "again"))
    experiment = client.get_experiment_by_name("mine").experiment_id
    assert len(client.search_runs([experiment])) == 6


def test_what_ends_in_the_midst_is_a_failed_run(tracker, tmp_path):
    module, client = tracker
    run = tracked_run(tmp_path / "run")
    run.files[0].unlink()
    if client.tracking_uri == "memory":
        client.__class__.log_artifact, right = None, client.__class__.log_artifact
    with pytest.raises(Exception, match=r"report.html|callable"):
        module.track(run)
    if client.tracking_uri == "memory":
        client.__class__.log_artifact = right
    experiment = client.get_experiment_by_name("imbalance-bench").experiment_id
    (parent,) = client.search_runs([experiment])
    assert parent.info.status == "FAILED"
