"""Benchmarks; `make bench` runs them all. Machines are noisy: trust medians, and ratios within one run."""
