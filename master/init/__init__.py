"""Drafts a study for a program: reads a script's options, or a W&B sweep, and writes TOML for a person to edit."""
