"""The results of a study: reading them, its standing, its finalists, and the wording of values."""
