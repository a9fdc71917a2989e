"""Makes the pictures of docs/ again: the figures of the studies that the pages show.

    python -m benchmarks.pictures ROOT [STUDY ...]   run the studies in the shared folder ROOT, and draw their figures
    python -m benchmarks.pictures ROOT schedules     the picture of the schedules, which needs no study
    python -m benchmarks.pictures ROOT search        the pictures of a terminal in the README; they need Chromium

The studies are presets, or stand in the page that shows them. What ROOT has already is not run again, so a study may be
run with more workers before. All of them take an hour or two on two cores. docs/pictures holds other pictures too:
scaling.png is made by `python -m benchmarks.scaling --figure`; those of other tools and of the page were taken by hand.
"""
