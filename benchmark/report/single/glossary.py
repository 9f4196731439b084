"""The terms of a report: every metric by its own description, and the few other terms."""

from __future__ import annotations

from benchmark.evaluation.metrics.registry import METRICS
from benchmark.report.render.blocks import Definitions

OTHER_TERMS = {
    "Steps, seconds": "Every strategy gets the same number of optimizer steps, however it samples. "
    "Strategies that share a network train it once. Seconds are those of the training steps, "
    "measured while other trainings shared the machine.",
    "Wilson interval": "The true recalls that fit the observed one at 95 %, with the correction of "
    "Brown, Cai and DasGupta near 0 and 1. If none of a class's 10 test images is recognised, it "
    "reaches from 0 to .28: few test images say little.",
    "p, test set": "For each test image the predictions of the strategy and of the baseline are "
    "exchanged at random. The p-value is how often macro-F1 then differs as much as observed. It "
    "asks whether these networks differ, not whether the next training would. Holm's correction "
    "for all strategies is applied to p, not to the interval. With few test images in a class, an "
    "interval that draws among them varies too little and can exclude 0 though p is above .05. "
    "Believe the more cautious of the two.",
    "p, seeds": "Whether another training on another split would differ again: the larger of two "
    "p-values. One draws the sign of every seed's difference at random. The other is a t-test that "
    "takes into account that splits of one set of images share test images. Holm's correction is "
    "applied. Below 8 seeds p cannot get small.",
    "Largest gain, largest loss": "Of all classes and strategies, the change of recall whose "
    "interval is farthest from 0. So a class with a single test image does not win.",
    "Audit": "While a strategy trains, the benchmark measures what it does: samples by class "
    "against class sizes, the gradient of its loss against that of cross-entropy on the same "
    "images, predicted labels against the largest logit. A strategy is flagged if it does not do "
    "what it declares, trains other blocks than it should, or exceeds the common budget.",
    "Post-hoc adjustment": "A decision that needs no training: it is fitted on the validation "
    "images to a trained network. Training is worth what it gains beyond that.",
}


def glossary() -> Definitions:
    """Return all terms: metrics in the order of the tables, then the others."""
    metrics = [(metric.title, metric.description) for metric in METRICS.values()]
    return Definitions((*metrics, *OTHER_TERMS.items()))
