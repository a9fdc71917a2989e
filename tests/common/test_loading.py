import subprocess
import sys

import pytest

from tests.processes import REPOSITORY


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.mark.parametrize("side", ["master", "worker"])
def test_a_command_is_never_searched_for_garbage_while_it_loads(side: str) -> None:
    printed = run(
        "import gc, sys\n"
        f"import hyperspool.{side}.__main__ as command\n"
        "searched = []\n"
        "gc.callbacks.append(lambda phase, info: searched.append(gc.get_freeze_count()))\n"
        "sys.argv = ['it', '--help']\n"
        "try: command.main()\n"
        "except SystemExit: pass\n"
        "print(0 in searched, gc.get_freeze_count() > 10_000, gc.isenabled())"
    )
    assert printed.splitlines()[-1] == "False True True"


def test_garbage_is_searched_for_again_after_loading_fails() -> None:
    printed = run(
        "import gc\n"
        "from hyperspool.common.loading import loading\n"
        "try:\n"
        "    with loading():\n"
        "        print(gc.isenabled())\n"
        "        raise ModuleNotFoundError\n"
        "except ModuleNotFoundError: print(gc.isenabled())"
    )
    assert printed.split() == ["False", "True"]


def test_what_there_is_at_the_end_is_not_searched() -> None:
    printed = run(
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"
        "from hyperspool.common.loading import loading\n"
        "with loading(): pass\n"
        "gc.unfreeze()"
    )
    assert printed.strip() == "True"
