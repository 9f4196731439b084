"""Defaults of predictions on new images. `--help` shows them, so nothing is imported here."""

MAX_ERROR = 0.05  # share of wrong labels among the images that are decided
