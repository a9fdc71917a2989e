"""Is a folder fit for a search? Tries what the protocol relies on, with a second process or a second host."""
