"""The decoded images of a set, and what is noticed in them."""
