"""What came in: how a study stands, its settings, its finalists, and how values read."""
