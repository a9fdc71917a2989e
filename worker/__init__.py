"""Claims jobs, evaluates them in a child process, reports results. Knows nothing of the master."""
