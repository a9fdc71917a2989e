"""What a worker can evaluate: a name to a callable. Built in, or named on the worker's own command line."""
