"""Inputs that nobody thought of: made by hypothesis for values, by a coverage-guided fuzzer for files."""
