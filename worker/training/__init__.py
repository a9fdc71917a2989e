"""Training alone: (params, data, seeds) -> curve. It knows no jobs, no file protocol and no pydantic."""
