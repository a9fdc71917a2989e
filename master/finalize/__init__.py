"""The end of a study: its winner trained on all that may be trained on, and measured once on the test part."""
