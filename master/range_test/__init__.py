"""The learning-rate range test: a study of one trial, and the range that its curve proposes."""
