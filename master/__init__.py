"""Proposes trials, publishes them as jobs, collects their results, and analyses the study."""
