"""What a person sees in a terminal: everything that needs rich."""
