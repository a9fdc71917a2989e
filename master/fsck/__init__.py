"""Checks every invariant of the protocol by a study's files alone, and repairs what it can."""
