"""How sure a number is, and whether a difference is one: from labels and predictions alone."""

LEVEL = 0.95  # of every interval
