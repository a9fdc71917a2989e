"""A study's files, read into data frames."""
