"""Training: one loop for every strategy, its inputs, its state on disk and what it measures."""
