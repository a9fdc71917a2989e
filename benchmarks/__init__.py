"""Benchmarks; `make bench` runs them all. Machines are noisy: trust medians, and ratios within one run.

Each module that `benchmarks.__main__` lists has `rows(size) -> Iterator[Row]` and ends with `run_alone(__doc__, rows)`.
What they share is in `benchmarks.harness`; `benchmarks.results` writes RESULTS.md.
"""
