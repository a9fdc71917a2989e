"""What a study found: its results as tables, figures and a report. matplotlib and pandas are at home here."""
