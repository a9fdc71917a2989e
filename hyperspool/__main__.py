"""`python -m hyperspool`: the master's command line, as `hyperspool` is."""

from hyperspool.master.__main__ import main

if __name__ == "__main__":
    main()
