"""`python -m worker check`: checks that the training code is right before hours are spent on it."""
