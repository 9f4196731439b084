"""One imbalance strategy a file. A new one is found by being here; `all` runs those of MISSION."""

MISSION = (
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
)
