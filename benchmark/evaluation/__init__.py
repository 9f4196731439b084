"""Arrays in, numbers out: metrics, statistics, diagnosis, audit. Reads no run folder."""
