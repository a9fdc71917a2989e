"""A study's files as data frames."""
