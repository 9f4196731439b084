"""Which signals indicate which cause: one table, read from top to bottom; the first match wins.

A class can be ignored because it has hardly any images, because its images are those of another
class, because training was stopped before it was learnt, because its labels are wrong, or because
the decision follows the prior although the network separates the images. Two questions separate
these causes, each put to the network and to a probe on its features that needs no training:

- Is the class separated from *all others*? (`separability_auc`: mean of the two AUCs.) If only the
  probe separates it, the network was not trained enough; if neither does, the labels do not say
  what the class is.
- Is it separated from *the class that takes its images*? (`confuser_separability`: the network
  counts three times, because a probe of few images is often below chance.) If not, they are one;
  but not if that class takes as many of all others' images (`_likeness`): a weak network has such
  sinks.

If both hold and the class is recognised without the prior in the decision, the prior is the cause.
Where nothing fits, or the images are too few to tell, the answer is "undetermined"; also where
neither this class nor the others can be separated: weak features look like wrong labels.

Thresholds were fixed on the tuning seeds of the planted cases in tests/evaluation/diagnosis, on
drawn features and on images, and are reported on other seeds and other images (planted.json there).
They separate the planted cases; where two causes meet in one class the table names the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

FEW_IMAGES = "too few images"
UNDER_TRAINED = "under-trained"
CONFUSABLE = "confusable"
WRONG_LABELS = "wrong labels"
PRIOR_BIAS = "prior bias"
UNDETERMINED = "undetermined"
CAUSES = (FEW_IMAGES, UNDER_TRAINED, CONFUSABLE, WRONG_LABELS, PRIOR_BIAS, UNDETERMINED)

COMPONENTS = (  # of a strategy or of the data: what can be changed
    *("sampler", "augmentation", "loss", "head", "decision", "schedule"),
    *("budget", "images", "labels", "classes"),
)

# MIN_: a rule holds from this value on. MAX_: a rule holds up to it.
MIN_TRAIN_IMAGES = 10  # fewer are a cause of their own, whatever else there may be
MIN_EVIDENCE_IMAGES = 6  # in validation and test; an AUC of fewer says nothing
MIN_RECALL_LOST = 0.25  # recall that the decision costs against the argmax
CONFUSER_AUC_LIMIT = 0.65  # up to it confuser and class are one, above they are separated
MAX_PROBE_CONFUSER_AUC = 0.80  # of the probe; above, the class and its confuser are not one
MIN_LIKENESS = 0.30  # to the confuser, see `_likeness`
MIN_LIKENESS_IF_SEPARATED = 0.20  # the same, for a class separated from all others but one
MIN_RECALL_OF_OTHERS = 0.48  # of the network; below, the features tell too little
MIN_PROBE_AUC = 0.75  # against all others
MIN_AUC_GAP = 0.15  # AUC of the probe minus that of the network
MAX_RECALL_RATIO = 0.70  # recall of the other classes: the network's over the probe's, below it
MIN_LOSS_FALL = 0.15  # of the validation loss over the last third of the training
MIN_SCALE = 1.25  # factor at which the logits predict best; an underconfident network's
MAX_R2 = 0.35  # share of the prior's log-loss that such a network removes
MIN_HIGH_SCALE = 1.75  # factor of a very underconfident network
MAX_R2_AT_HIGH_SCALE = 0.60  # share that a very underconfident one removes
MAX_SEPARABILITY_AUC = 0.72  # against all others; up to it the class is not separated
MIN_SEPARABILITY_AUC = 0.75  # against all others; from it on the class is separated
MIN_PRIOR_FREE_RECALL = 0.25  # recall without the prior that indicates prior bias at last
HIGH_PRIOR_FREE_RECALL = 0.50  # recall without the prior that indicates it early in the table
MAX_PRIOR_FREE_COST = 0.30  # recall that the large classes lose without the prior

THRESHOLDS = {
    name: f"{value:.2f}".replace("0.", ".", 1) if isinstance(value, float) else str(value)
    for name, value in dict(globals()).items()
    if name.isupper() and isinstance(value, float | int)
}  # as written

Signals = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    cause: str
    condition_template: str  # over the thresholds, see `condition`
    holds: Callable[[Signals], bool]  # False where a signal is nan
    explanation: str  # a template over signals, thresholds and {confuser}
    source: str
    suggestions: tuple[str, ...]  # out of COMPONENTS

    @property
    def condition(self) -> str:
        """When it holds, in plain English."""
        return self.condition_template.format(**THRESHOLDS)


def _likeness(s: Signals) -> float:
    """Share of this class's images that the confuser takes, beyond its share of all others'."""
    return s["confuser_share"] - s["confuser_share_of_others"]


def _min_likeness(s: Signals) -> float:
    """Likeness from which class and confuser are one; less where no other class is like it."""
    separated = s["separability_auc"] > MAX_SEPARABILITY_AUC
    return MIN_LIKENESS_IF_SEPARATED if separated else MIN_LIKENESS


def _prior_decides(s: Signals, recognised: float) -> bool:
    """Whether the network separates the class, and the decision ignores that."""
    return (
        s["separability_auc"] >= MIN_SEPARABILITY_AUC
        and s["confuser_auc"] >= CONFUSER_AUC_LIMIT
        and s["prior_free_recall"] >= recognised
        and not s["prior_free_cost"] > MAX_PRIOR_FREE_COST  # nan: there are no large classes
    )


_PRIOR_DECIDES = (
    "network and probe separate it from all others (mean AUC {MIN_SEPARABILITY_AUC} or more), the "
    "network separates it from its main confuser ({CONFUSER_AUC_LIMIT} or more), and without the "
    "prior in the decision %s of its images or more are recognised, at a cost of up to "
    "{MAX_PRIOR_FREE_COST} of the large classes' recall"
)
_PRIOR_DECIDES_EXPLANATION = (
    "Without the prior in the decision {prior_free_recall} of its images are recognised, at a cost "
    "of {prior_free_cost} of the large classes' recall: the network separates the images, but the "
    "decision follows the prior."
)


RULES = (
    Rule(
        FEW_IMAGES,
        "fewer than {MIN_TRAIN_IMAGES} training images",
        lambda s: s["train_images"] < MIN_TRAIN_IMAGES,
        "It has {train_images} training images, fewer than {MIN_TRAIN_IMAGES}: too few to learn it "
        "from, whatever other cause there may be.",
        "Liu et al. 2019, arXiv 1904.05160 (few-shot classes: below 20)",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        UNDETERMINED,
        "fewer than {MIN_EVIDENCE_IMAGES} validation and test images",
        lambda s: s["evidence_images"] < MIN_EVIDENCE_IMAGES,
        "It has {evidence_images} validation and test images, fewer than {MIN_EVIDENCE_IMAGES}: "
        "too few to tell why.",
        "Hanley & McNeil 1982 (standard error of an AUC)",
        ("images",),
    ),
    Rule(
        PRIOR_BIAS,
        "the recall of the largest output is higher than that of the decision, by "
        "{MIN_RECALL_LOST} or more",
        lambda s: s["argmax_recall"] - s["recall"] >= MIN_RECALL_LOST,
        "The largest output is right for {argmax_recall} of its test images, the decision for "
        "{recall}: the network separates the images, but the decision gives them to other classes.",
        "Collell et al. 2018",
        ("decision",),
    ),
    Rule(
        UNDER_TRAINED,
        "the network's recall of the other classes is less than {MAX_RECALL_RATIO} of the probe's",
        lambda s: s["network_recall_of_others"] < MAX_RECALL_RATIO * s["probe_recall_of_others"],
        "A linear probe on the same features recognises {probe_recall_of_others} of the other "
        "classes' images, the network {network_recall_of_others}: the whole network makes too "
        "little of its features.",
        "Kang et al. 2020, arXiv 1910.09217 (features against head)",
        ("budget", "schedule", "head"),
    ),
    Rule(
        CONFUSABLE,
        "neither network nor probe separates it from its main confuser (AUC of the network, and "
        "of both, up to {CONFUSER_AUC_LIMIT}, of the probe up to {MAX_PROBE_CONFUSER_AUC}; "
        "{MIN_EVIDENCE_IMAGES} images of the confuser or more); and without the class in the "
        "list, the confuser would take a larger share of its images than of the remaining "
        "classes', by {MIN_LIKENESS} or more, or by {MIN_LIKENESS_IF_SEPARATED} where all classes "
        "but the confuser are separated from it (mean AUC above {MAX_SEPARABILITY_AUC})",
        lambda s: (
            s["confuser_auc"] <= CONFUSER_AUC_LIMIT
            and s["confuser_separability"] <= CONFUSER_AUC_LIMIT
            and s["probe_confuser_auc"] <= MAX_PROBE_CONFUSER_AUC
            and s["confuser_images"] >= MIN_EVIDENCE_IMAGES
            and _likeness(s) >= _min_likeness(s)
        ),
        "Its images can't be told from those of {confuser} (AUC {confuser_auc}; guessing has .50). "
        "Without the class in the list, {confuser} would take {confuser_share} of them, and "
        "{confuser_share_of_others} of the remaining classes' images.",
        "Hand & Till 2001 (pairwise AUC); Airola et al. 2011 (leave-pair-out)",
        ("classes", "labels", "images"),
    ),
    Rule(
        UNDER_TRAINED,
        "a probe on the features separates it from all others (AUC {MIN_PROBE_AUC} or more), and "
        "the network does so less, by {MIN_AUC_GAP} or more",
        lambda s: (
            s["probe_auc"] >= MIN_PROBE_AUC and s["probe_auc"] - s["network_auc"] >= MIN_AUC_GAP
        ),
        "A linear probe on the same features separates it from all others (AUC {probe_auc}), the "
        "network less so (AUC {network_auc}): the network makes too little of its features.",
        "Kang et al. 2020, arXiv 1910.09217 (features against head)",
        ("budget", "schedule", "head", "sampler"),
    ),
    Rule(
        PRIOR_BIAS,
        _PRIOR_DECIDES % "{HIGH_PRIOR_FREE_RECALL}",
        lambda s: _prior_decides(s, HIGH_PRIOR_FREE_RECALL),
        _PRIOR_DECIDES_EXPLANATION,
        "Menon et al. 2021, arXiv 2007.07314, eq. 9",
        ("decision", "loss", "sampler", "head"),
    ),
    Rule(
        UNDER_TRAINED,
        "the validation loss fell by {MIN_LOSS_FALL} or more over the last third of the training",
        lambda s: s["loss_fall"] >= MIN_LOSS_FALL,
        "The validation loss, averaged over classes, was still falling: by {loss_fall} over the "
        "last third of the training. Rare classes are learnt last.",
        "Francazi et al. 2023, arXiv 2207.00391 (minority initial drop)",
        ("budget", "schedule", "sampler"),
    ),
    Rule(
        UNDER_TRAINED,
        "the logits predict best when multiplied by {MIN_SCALE} or more and remove at most "
        "{MAX_R2} of the prior's log-loss; or by {MIN_HIGH_SCALE} or more, and at most "
        "{MAX_R2_AT_HIGH_SCALE}",
        lambda s: (
            (s["scale"] >= MIN_SCALE and s["mcfadden_r2"] <= MAX_R2)
            or (s["scale"] >= MIN_HIGH_SCALE and s["mcfadden_r2"] <= MAX_R2_AT_HIGH_SCALE)
        ),
        "The network is underconfident: its logits predict best when multiplied by {scale}, and "
        "remove {mcfadden_r2} of the prior's log-loss. A training that was stopped early looks so.",
        "Guo et al. 2017, arXiv 1706.04599 (temperature scaling)",
        ("budget", "schedule", "head"),
    ),
    Rule(
        WRONG_LABELS,
        "neither network nor probe separates it from all others (mean AUC up to "
        "{MAX_SEPARABILITY_AUC}), but they separate it from its main confuser (above "
        "{CONFUSER_AUC_LIMIT}), or the confuser would take hardly more of its images than of the "
        "remaining classes' (by less than {MIN_LIKENESS}); the network's recall of the other "
        "classes is {MIN_RECALL_OF_OTHERS} or more",
        lambda s: (
            s["network_recall_of_others"] >= MIN_RECALL_OF_OTHERS
            and s["separability_auc"] <= MAX_SEPARABILITY_AUC
            and (s["confuser_separability"] > CONFUSER_AUC_LIMIT or _likeness(s) < MIN_LIKENESS)
        ),
        "Neither the network nor a probe recognises what its images have in common (AUC "
        "{separability_auc}; guessing has .50), and they look like several other classes (entropy "
        "{confuser_entropy} of 1): wrong labels look so. If the labels are right, the features do "
        "not show this class.",
        "Northcutt et al. 2021, arXiv 1911.00068",
        ("labels", "images", "loss"),
    ),
    Rule(
        PRIOR_BIAS,
        _PRIOR_DECIDES % "{MIN_PRIOR_FREE_RECALL}",
        lambda s: _prior_decides(s, MIN_PRIOR_FREE_RECALL),
        _PRIOR_DECIDES_EXPLANATION,
        "Menon et al. 2021, arXiv 2007.07314, eq. 9",
        ("decision", "loss", "sampler", "head"),
    ),
    Rule(
        UNDETERMINED,
        "it is not separated from all others (mean AUC up to {MAX_SEPARABILITY_AUC}), and the "
        "network's recall of the other classes is less than {MIN_RECALL_OF_OTHERS}",
        lambda s: (
            s["separability_auc"] <= MAX_SEPARABILITY_AUC
            and s["network_recall_of_others"] < MIN_RECALL_OF_OTHERS
        ),
        "Neither the network nor a probe recognises what its images have in common (AUC "
        "{separability_auc}), but the other classes are hardly recognised either (the network "
        "recognises {network_recall_of_others} of them, the probe {probe_recall_of_others}): the "
        "features tell too little to say more.",
        "",
        ("budget", "images", "labels"),
    ),
    Rule(
        UNDETERMINED,
        "none of these",
        lambda _: True,
        "No cause stands out: it is separated from all others with AUC {separability_auc}, from "
        "its main confuser with {confuser_auc}, and without the prior {prior_free_recall} of its "
        "images are recognised.",
        "",
        ("images", "labels", "budget"),
    ),
)


def first_match(signals: Signals) -> Rule:
    """Return the first row whose condition holds."""
    return next(rule for rule in RULES if rule.holds(signals))
