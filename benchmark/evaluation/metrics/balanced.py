"""Metrics as if all classes that have images were equally frequent among the test images.

Every image counts by one over the number of its class. Precision, log-loss and calibration depend
on class frequencies; recall does not, so that it has no balanced form.
"""

from benchmark.evaluation.metrics.calibration import calibration_error
from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.evaluation.metrics.metric import Metric

BALANCED = (
    Metric(
        "macro_f1_balanced",
        "Macro-F1, balanced",
        "Macro-F1 as if all classes were equally frequent among the test images: each image "
        "counts by one over the number of its class.",
        lambda split: macro_f1(
            split.labels, split.predicted, len(split.train_counts), split.balanced_weights
        ),
        balanced_form_of="macro_f1",
    ),
    Metric(
        "log_loss_balanced",
        "Log-loss, balanced",
        "Log-loss as if all classes were equally frequent among the test images.",
        lambda split: float(-(split.balanced_weights * split.true_log_probability).sum()),
        format="number",
        better="lower",
        of_network=True,
        balanced_form_of="log_loss",
    ),
    Metric(
        "ece_balanced",
        "Calibration error, balanced",
        "The calibration error as if all classes were equally frequent among the test images.",
        lambda split: calibration_error(
            split.labels, split.log_probabilities, split.balanced_weights
        ),
        better="lower",
        of_network=True,
        balanced_form_of="ece",
    ),
)
