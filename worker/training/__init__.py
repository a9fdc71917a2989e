"""Training, for itself: (params, data, seeds) -> curve. Knows no job, no file protocol, no pydantic."""
