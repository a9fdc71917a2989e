"""The report: one page with every figure, answer and table of a study."""
