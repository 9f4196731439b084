"""Which settings of a run an audit of labels has: what the images are, and what they look like."""

# how data are read
READ_BY = ("class_level", "merge_classes", "allow_outside")
# which features the images have
FEATURES_BY = ("labels", "image_size", "backbone", "weights", "device", "precision")
OPTIONS = ("plugin", "cache_limit")
AUDIT_SETTINGS = READ_BY + FEATURES_BY + OPTIONS
