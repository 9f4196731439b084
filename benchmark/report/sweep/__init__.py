"""The report of a sweep: the same strategies under several values of a setting."""
