"""The page of a study: the answers to a question, each sentence from the numbers of its tables."""
