"""The rules that come first: what numbers of images and the decision alone tell."""

from math import isnan

from benchmark.evaluation.diagnosis import rule as limits
from benchmark.evaluation.diagnosis.rule import FEW_IMAGES, PRIOR_BIAS, UNDETERMINED, Rule

EVIDENCE_RULES = (
    Rule(
        FEW_IMAGES,
        "fewer than {MIN_TRAIN_IMAGES} training images",
        lambda s: s["train_images"] < limits.MIN_TRAIN_IMAGES,
        "It has {train_images} training images, fewer than {MIN_TRAIN_IMAGES}: too few to learn it "
        "from, whatever other cause there may be.",
        "ours; Liu et al. 2019, arXiv 1904.05160, call classes below 20 few-shot",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        PRIOR_BIAS,
        "the recall of the largest output is higher than that of the decision, by "
        "{MIN_RECALL_LOST} or more, of {MIN_EVIDENCE_IMAGES} validation and test images or more",
        lambda s: (
            s["argmax_recall"] - s["recall"] >= limits.MIN_RECALL_LOST
            and s["evidence_images"] >= limits.MIN_EVIDENCE_IMAGES
        ),
        "The largest output is right for {argmax_recall} of its test images, the decision for "
        "{recall}: the network separates the images, but the decision gives them to other classes.",
        "Collell et al. 2018",
        ("decision",),
    ),
    Rule(
        FEW_IMAGES,
        "fewer than {FEW_SHOT_IMAGES} training images, fewer than {MIN_EVIDENCE_IMAGES} validation "
        "and test images, and not half of these recognised without the prior in the decision",
        lambda s: (
            s["train_images"] < limits.FEW_SHOT_IMAGES
            and s["evidence_images"] < limits.MIN_EVIDENCE_IMAGES
            and not s["prior_free_recall"] >= 0.5
        ),
        "It has {train_images} training images, and {evidence_images} to validate and test.",
        "Liu et al. 2019, arXiv 1904.05160 (few-shot classes: below 20)",
        ("images", "augmentation", "classes"),
    ),
    Rule(
        UNDETERMINED,
        "fewer than {MIN_EVIDENCE_IMAGES} validation and test images",
        lambda s: s["evidence_images"] < limits.MIN_EVIDENCE_IMAGES,
        "It has {evidence_images} validation and test images, fewer than {MIN_EVIDENCE_IMAGES}: "
        "too few to tell why.",
        "Hanley & McNeil 1982 (standard error of an AUC)",
        ("images",),
    ),
    Rule(
        UNDETERMINED,
        "what the network makes of its training images is not stored",
        lambda s: isnan(s["train_recall"]),
        "What the network makes of its training images is not stored: an earlier version trained "
        "it. Without it the causes can't be told apart; a new run in another folder stores it.",
        "",
        ("images", "labels", "budget"),
    ),
)
