"""`python -m tests.fuzz.fuzz_readers --runs 1000000`: a coverage-guided fuzzer over every reader of the shared folder.

Inputs that break a reader are written to the working directory as `crash-*`. Inputs that reach new code are kept in
`build/fuzz`; `python -m tests.fuzz.minimise` adds those that the corpus lacks.
"""

import argparse
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it ships no type information

from tests.fuzz.mutation import mutate

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path("build") / "fuzz"
MAX_INPUT_BYTES = 2000
"""Also limits the inputs in the corpus, which should stay small."""

with atheris.instrument_imports(
    include=["hyperspool.common", "hyperspool.master.studies.source", "hyperspool.worker.checkpoint"]
):
    from tests.fuzz.readers import read_any


def main() -> None:
    """Run the fuzzer, which ends the process, with status 0 if no reader broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="Number of inputs (default: %(default)s).")
    parser.add_argument("--seed", type=int, default=1, help="Seed of the fuzzer (default: %(default)s).")
    wanted = parser.parse_args()
    FOUND.mkdir(parents=True, exist_ok=True)
    words = CORPUS.with_name("words.dict")
    limits = [f"-runs={wanted.runs}", f"-max_len={MAX_INPUT_BYTES}", "-rss_limit_mb=2048", "-timeout=20"]
    arguments = [sys.argv[0], *limits, f"-seed={wanted.seed}", f"-dict={words}", str(FOUND), str(CORPUS)]
    atheris.Setup(
        arguments,
        read_any,
        custom_mutator=lambda data, max_size, seed: mutate(data, max_size, seed, atheris.Mutate),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
