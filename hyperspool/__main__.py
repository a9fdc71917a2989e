"""`python -m hyperspool`: the same command line as `hyperspool`, the master's."""

from hyperspool.master.__main__ import main

if __name__ == "__main__":
    main()
