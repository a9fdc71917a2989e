"""Checks whether a folder is fit for a search: tries what the protocol relies on, with a second process or host."""
