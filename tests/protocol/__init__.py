"""The protocol of `common.claim` as a model, and a checker that goes through all of its states."""
