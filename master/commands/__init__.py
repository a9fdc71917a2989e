"""The command line: options and output only, one module per family of commands."""
