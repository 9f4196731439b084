"""A run folder in, data frames out: comparison, confidence, findings, several data sets."""
