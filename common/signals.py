"""The signals by which people and schedulers ask a master or a worker to stop."""

import signal

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Ctrl-C; the usual request; a terminal that closes; the warnings that Slurm and others send before they end a job, to
every process of a step if asked to."""

STOPPED_STATUS = 75
"""A worker's exit status after a request to stop while work is open: EX_TEMPFAIL of sysexits.h, "try again later". A
scheduler that starts ended jobs again by their status needs one that is not 0."""
