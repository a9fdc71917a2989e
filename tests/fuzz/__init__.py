"""Unforeseen inputs: hypothesis makes values, and a coverage-guided fuzzer makes files."""
