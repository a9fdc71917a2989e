"""Output to a terminal: everything that needs rich."""
