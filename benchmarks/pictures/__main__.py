"""The command line: `python -m benchmarks.pictures`; see the package."""

import argparse
import io
from pathlib import Path

import benchmarks.pictures
from benchmarks.pictures.schedules import draw_schedules
from benchmarks.pictures.studies import SHOWN, draw, keep, run
from benchmarks.pictures.terminal import SEARCH, draw_terminal

SCHEDULES = "schedules"


def main() -> None:
    """Run the studies, and draw."""
    parser = argparse.ArgumentParser(
        description=benchmarks.pictures.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, metavar="ROOT")
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"Of: {', '.join((*SHOWN, SCHEDULES, SEARCH))}.")
    options = parser.parse_args()
    options.root.mkdir(parents=True, exist_ok=True)
    for study in options.studies or (*SHOWN, SCHEDULES, SEARCH):
        if study == SCHEDULES:
            png = io.BytesIO()
            draw_schedules().savefig(png, dpi=150)
            keep(png.getvalue(), "techniques-schedules")
        elif study == SEARCH:
            draw_terminal(options.root)
        else:
            run(study, options.root)
            draw(study, options.root)


if __name__ == "__main__":
    main()
