"""Exports of a study's data for other programs and for papers."""
