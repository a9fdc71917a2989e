"""What a study looks like: a module per kind of figure; `catalogue` orders them."""
