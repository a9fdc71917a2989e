"""Help texts as programs print them."""

import time

import pytest

from hyperspool.common.values import Scalar
from hyperspool.master.init.help_text import options_in
from hyperspool.master.init.option import Form, Kind

GETOPT = """Usage: anneal [OPTION]...
Find a short tour.

  -t, --temperature=T   begin here (default 1.0)
  -m, --moves=N         moves in a sweep (default: 500)
  -g, --greedy          begin with the nearest
      --name=TEXT       a name
  -h, --help            print this
"""
ARGPARSE = """usage: train.py [-h] [--lr LR]
                --data DATA

options:
  -h, --help            show this help message and exit
  -b N, --batch-size N  mini-batch (default: 64)
  --lr LR               a long text that goes on
                        in the next line (default: 1e-3)
  --opt {sgd,adam}
  --bias, --no-bias     with a bias (default: True)
"""
CLICK = """Usage: train.py [OPTIONS]

Options:
  --lr FLOAT              Step.  [default: 0.1]
  --opt [sgd|adam]        Method.
  --scale / --no-scale    Standardise.  [default: scale]
  --help                  Show this message and exit.
"""
TYPER = """
╭─ Options ────────────────────────────────────────────────╮
│ --lr           FLOAT            [default: 0.01]          │
│ --opt          [sgd|adam]       [default: sgd]           │
╰──────────────────────────────────────────────────────────╯
"""
GO = """Usage of train:
  -lr float
    \tstep of the descent (default 0.1)
  -rounds int
    \tnumber of rounds (default 20)
  -fast
    \tskip the checks
"""
CLAP = """Options:
  -l, --lr <LR>
          The step

          [default: 0.3]

      --opt <OPT>
          The method [default: sgd] [possible values: sgd, adam]
"""


def found(text: str) -> dict[str, tuple[Form, Kind | None, Scalar | None, tuple[Scalar, ...]]]:
    return {option.flag: (option.form, option.kind, option.default, option.choices) for option in options_in(text)}


def value(kind: Kind | None, default: Scalar | None, *choices: Scalar) -> tuple[object, ...]:
    return (Form.VALUE, kind, default, choices)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (
            GETOPT,
            {
                "--temperature": value(Kind.FLOAT, 1.0),
                "--moves": value(Kind.INT, 500),
                "--greedy": (Form.FLAG_ON, Kind.BOOL, False, ()),
                "--name": value(None, None),
            },
        ),
        (
            ARGPARSE,
            {
                "--batch-size": value(Kind.INT, 64),
                "--lr": value(Kind.FLOAT, 0.001),
                "--opt": value(None, None, "sgd", "adam"),
                "--bias": (Form.TOGGLE, Kind.BOOL, True, ()),
            },
        ),
        (
            CLICK,
            {
                "--lr": value(Kind.FLOAT, 0.1),
                "--opt": value(None, None, "sgd", "adam"),
                "--scale": (Form.TOGGLE, Kind.BOOL, False, ()),
            },
        ),
        (TYPER, {"--lr": value(Kind.FLOAT, 0.01), "--opt": value(Kind.TEXT, "sgd", "sgd", "adam")}),
        (
            GO,
            {
                "-lr": value(Kind.FLOAT, 0.1),
                "-rounds": value(Kind.INT, 20),
                "-fast": (Form.FLAG_ON, Kind.BOOL, False, ()),
            },
        ),
        (CLAP, {"--lr": value(Kind.FLOAT, 0.3), "--opt": value(Kind.TEXT, "sgd", "sgd", "adam")}),
        ("nothing here\n - a list\n -- \n\x1b[31m--\n", {}),
    ],
    ids=["getopt", "argparse", "click", "typer", "go", "clap", "no help"],
)
def test_help_texts_of_common_forms_are_read(text: str, options: object) -> None:
    assert found(text) == options


@pytest.mark.parametrize(
    "piece",
    [
        "--x {" + "a," * 50_000,
        "--x [" + "a|" * 50_000,
        "  --x, " * 50_000,
        "  -x\n      " * 50_000,
        "(default " * 50_000,
    ],
)
def test_hostile_help_text_is_read_in_moments(piece: str) -> None:
    began_s = time.monotonic()
    options_in(f"  --lr X  {piece}\n  {piece}\n")
    assert time.monotonic() - began_s < 10
