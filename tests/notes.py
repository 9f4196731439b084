"""What a run says, kept for the tests of several rooms."""

from benchmark.system.progress import NullProgress


class Notes(NullProgress):
    """Keeps what is said."""

    def __init__(self):
        self.texts = []

    def say(self, text):
        self.texts.append(text)
