"""The signals by which people and schedulers ask a master or a worker to stop."""

import signal

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Ctrl-C; the usual request; a terminal that closes; the warnings that Slurm and others send before they end a job, to
every process of a step if asked to."""
