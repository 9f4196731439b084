"""What is to be done, as pure data: the experiment, its recipe, the training segments."""
