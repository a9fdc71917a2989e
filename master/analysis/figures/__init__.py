"""What a study looks like. Each module with a `figures(data)` lists those that the study has the data for."""
