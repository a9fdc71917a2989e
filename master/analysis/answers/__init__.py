"""What a study answers: a module per kind of question; `catalogue` orders them."""
