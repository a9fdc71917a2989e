"""`python -m hyperspool.worker.objectives.probe NAME`: tries whether a user's own objective can be evaluated here.

A master runs it before it publishes a study, so that a typo leaves no study behind, and so that the person's code is
never imported in the master. It prints what is wrong and exits with status 1.
"""

import argparse
import sys
from pathlib import Path

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.errors import SearchError
from hyperspool.common.study_objective import Objective
from hyperspool.worker.objectives.command import need_program
from hyperspool.worker.objectives.registry import find_objective


def main() -> None:
    """Try the objective that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--objective", action="append", default=[])
    parser.add_argument("--command", action="append", default=[])
    parser.add_argument("--study-file", action="append", default=[], type=Path)
    given = parser.parse_args()
    sys.argv = [given.name]
    own = OwnObjectives(tuple(given.objective), tuple(given.command), tuple(given.study_file))
    try:
        definitions = own.definitions()
        for definition in definitions:
            if definition.name == given.name and isinstance(definition, CommandDefinition):
                need_program(definition)
        find_objective(Objective(name=given.name), definitions)
    except SearchError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
