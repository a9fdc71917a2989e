"""The protocol of `common.claim` as a model of a few dozen lines, and a checker that goes through all of its states."""
