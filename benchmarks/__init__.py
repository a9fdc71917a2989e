"""What the project is measured by; `make bench` runs it all. Machines are noisy: medians, and ratios within one run."""
