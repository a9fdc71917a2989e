"""Small scripts of people who do not know Hyperspool."""

ARGPARSE = """
import argparse
import enum
import pathlib

parser = argparse.ArgumentParser()
parser.add_argument("data", help="folder of the images")
parser.add_argument("-l", "--lr", type=float, default="0.1", help="step, 100%% needed (default: %(default)s)")
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--weight-decay", type=float, default=0.0)
parser.add_argument("--batch-size", type=lambda text: int(text), default=64)
parser.add_argument("--opt", choices=["sgd", "adam"], default="sgd")
parser.add_argument("--nesterov", action="store_true")
parser.add_argument("--no-bias", action="store_false", dest="bias")
parser.add_argument("--amp", action=argparse.BooleanOptionalAction, default=True)
parser.add_argument("--pretrain", type=bool, default=False)
parser.add_argument("--layers", type=int, nargs="+", default=[64, 32])
parser.add_argument("--epochs", type=int, default=14)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--device", default="cpu")
parser.add_argument("--save-path", default="out/model.pt")
parser.add_argument("--checkpoint-dir", type=pathlib.Path)
parser.add_argument("--num-workers", type=int, default=2)
parser.add_argument("--trial", type=int, default=4)
parser.add_argument("-v", action="count", default=0)
args = parser.parse_args()
open("it-went-on", "w").close()
print(f"epoch 1 train_accuracy={1} val_accuracy={0.5:.2f} val_loss={1}")
"""

PARTIAL = """
import argparse, sys

first = argparse.ArgumentParser(add_help=False)
first.add_argument("--config")
known, rest = first.parse_known_args()
parser = argparse.ArgumentParser(parents=[first])
parser.add_argument("--lr", type=float, default=0.1)
parser.parse_args(sys.argv[1:])
"""

ABSL = '''
import sys
# absl's help, as it prints it
print("""
train.py:
  --batch: mini-batch
    (default: '32')
    (an integer)
  --[no]bias: whether to have a bias
    (default: 'true')
  --lr: step
    (default: '0.5')
    (a number)
""")
sys.exit(1)
'''

CLICK = """
import click

@click.command()
@click.option("-C", "--penalty", type=click.FloatRange(min=0, min_open=True), default=1)
@click.option("--kernel", type=click.Choice(["linear", "rbf"]), required=True)
@click.option("--scale/--no-scale", default=True, help="Standardise.")
@click.option("--fast", is_flag=True)
@click.option("--width", type=click.IntRange(1, 100), default=64)
@click.option("--layer", multiple=True, type=int)
@click.option("--where", type=click.Path())
@click.argument("data")
def main(**options):
    open("it-went-on", "w").close()

if __name__ == "__main__":
    main()
"""

TYPER = """
import enum
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

class Method(str, enum.Enum):
    SGD = "sgd"
    ADAM = "adam"

def main(
    rate: Annotated[float, typer.Option(min=0.01, max=0.2)] = 0.1,
    size: int = 3,
    method: Method = Method.SGD,
    average: bool = False,
    only: Annotated[bool, typer.Option("--only")] = False,
    where: Optional[Path] = None,
    limit: Optional[int] = None,
):
    open("it-went-on", "w").close()

typer.run(main)
"""
