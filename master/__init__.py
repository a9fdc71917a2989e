"""Proposes trials, publishes them as jobs, collects their results, and says what came of it."""
