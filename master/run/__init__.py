"""Runs a study: publishes it, collects its results, and proposes the next batch."""
