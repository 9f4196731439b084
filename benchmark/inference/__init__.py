"""A trained network on new images, with its decision: nothing is trained here."""
