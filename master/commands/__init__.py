"""The command line: options and output only, a module per family of commands."""
