"""What a study's data are written as for other programs and papers."""
