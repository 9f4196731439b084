"""One imbalance strategy a file. A new one is found by being here, and may stand in a group.

`all` runs those of MISSION, `every` all that are here.
"""

MISSION = (
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
)
GROUPS = {
    "losses": (
        "class_weights",
        "square_root_weights",
        "effective_number",
        "focal_loss",
        "class_balanced_focal",
        "logit_adjusted_loss",
        "balanced_softmax",
        "deferred_reweighting",
        "ldam_drw",
    ),
    "samplers": (
        "random_oversampling",
        "augmentation_oversampling",
        "square_root_sampling",
        "progressive_sampling",
        "undersampling",
        "deferred_resampling",
        "crt",
        "smote",
    ),
    "mixing": ("augmentation_only", "mixup", "remix"),
    "decisions": ("threshold_moving", "prior_correction", "tau_norm"),
    "noise": ("label_smoothing", "generalized_cross_entropy"),
}
