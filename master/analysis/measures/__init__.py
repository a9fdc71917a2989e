"""Measures of a study: pure functions of its data frames."""
