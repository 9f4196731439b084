"""One module a command: its help, its examples, its flags and what it does."""
