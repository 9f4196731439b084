"""The card of an exported model: what it is for, and which classes not to trust."""
