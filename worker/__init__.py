"""Claims jobs, evaluates them in a child process and reports results. Imports nothing from the master."""
