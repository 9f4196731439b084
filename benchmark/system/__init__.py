"""The machine: device and precision, memory, progress on the terminal, provenance."""
