"""`python -m master`."""

from master.cli import main

if __name__ == "__main__":
    main()
