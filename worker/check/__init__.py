"""`python -m worker check`: is the training code right, before hours are spent on it?"""
