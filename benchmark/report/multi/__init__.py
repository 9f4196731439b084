"""The report of runs on several data sets."""
