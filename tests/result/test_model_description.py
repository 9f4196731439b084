"""What model.json says of a run."""

from dataclasses import replace

from benchmark.result.model_description import describe_data
from tests.report.fabricate import fabricate


def test_what_was_changed_in_the_data_on_purpose_is_said():
    manifest = fabricate().manifest
    plain = describe_data(manifest)
    assert plain == manifest.data.description
    changes = {"label_noise": "0.3@val", "imbalance": "exp:10"}
    experiment = replace(manifest.experiment, settings={**manifest.experiment.settings, **changes})
    assert describe_data(replace(manifest, experiment=experiment)) == (
        f"{plain} Labels were made wrong on purpose (label-noise 0.3@val). Images were left out to "
        "make classes rare (imbalance exp:10)."
    )
