"""What a worker can evaluate: the built-in networks, and functions named on the worker's own command line."""
