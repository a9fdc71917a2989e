"""`python -m tests.protocol --crashes 1 --stops 1`: check the model within other bounds than the tests do."""

import argparse
import sys
import time
from dataclasses import fields

from tests.protocol.checker import check
from tests.protocol.model import MUTATIONS, Model


def main() -> int:
    """Say how many states there are, and which property is broken; exit status 1 if one is."""
    parser = argparse.ArgumentParser(description=__doc__)
    for bound in fields(Model):
        option = f"--{bound.name.replace('_', '-')}"
        if isinstance(bound.default, bool):
            parser.add_argument(option, action="store_true")
        elif bound.name == "mutation":
            parser.add_argument(option, choices=MUTATIONS)
        else:
            parser.add_argument(option, type=int, default=bound.default)
    model = Model(**vars(parser.parse_args()))
    began_s = time.monotonic()
    verdict = check(model)
    counts = f"{verdict.states} states, {verdict.steps} steps, {time.monotonic() - began_s:.0f} s"
    sys.stdout.write(f"{counts}: {verdict.broken or 'every property holds'}\n")
    for step in verdict.trace:
        sys.stdout.write(f"  {step}\n")
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
