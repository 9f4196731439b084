"""How sure a number is, and whether a difference is one: from labels and predictions alone."""
