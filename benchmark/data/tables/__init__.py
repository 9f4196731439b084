"""Tables that list images, and what they say of each."""
