"""Where trainings run: processes of this machine, or a cluster. Knows nothing of training."""
