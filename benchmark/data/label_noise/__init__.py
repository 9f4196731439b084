"""Labels that are wrong on purpose, in training and, when asked, in validation."""
