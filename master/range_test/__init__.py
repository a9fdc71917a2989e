"""The learning-rate range test: a study of one trial, and the two rates that its curve proposes."""
