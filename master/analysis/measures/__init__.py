"""What is computed from a study's data frames: pure functions."""
