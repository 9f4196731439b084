"""The weights that come with the package, and how they were made: see README.md here."""
