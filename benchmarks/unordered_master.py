"""A master that suggests no order of a batch: `python -m master`, as a peer of the one that does."""

from hyperspool.master.run.longest_first import LongestFirst

if __name__ == "__main__":
    from hyperspool.master.__main__ import main

    LongestFirst.ordered = lambda self, jobs: []  # type: ignore[method-assign]  # noqa: ARG005 - to compare with
    main()
