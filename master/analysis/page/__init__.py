"""The report: one page with all figures, answers and tables of a study."""
