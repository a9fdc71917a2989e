import runpy
from collections.abc import Callable
from pathlib import Path

from hyperspool.api.source import digest_of

SCRIPT = """
FLOOR = 3
def square(x):
    return x * x
def valley(params, trial):
    return sum(square(x) for x in [params["x"] - FLOOR])
"""


def _valley(folder: Path, text: str) -> Callable[..., object]:
    path = folder / f"script{len(list(folder.iterdir()))}.py"  # another name, because linecache remembers texts
    path.write_text(text)
    found: Callable[..., object] = runpy.run_path(str(path))["valley"]
    return found


def test_a_digest_follows_what_the_function_calls(tmp_path: Path) -> None:
    first = digest_of(_valley(tmp_path, SCRIPT))
    assert first is not None
    assert digest_of(_valley(tmp_path, SCRIPT + "\nTRIALS = 60\n")) == first
    assert digest_of(_valley(tmp_path, SCRIPT.replace("x * x", "x * x * x"))) != first


def test_a_digest_follows_the_modules_beside_it(tmp_path: Path) -> None:
    text = "def valley(params, trial):\n    import nearby\n    return nearby.more()\n"
    (tmp_path / "nearby.py").write_text("def more():\n    return 0\n")
    valley = _valley(tmp_path, text)
    first = digest_of(valley)
    (tmp_path / "nearby.py").write_text("def more():\n    return 1\n")
    assert digest_of(valley) != first
    assert digest_of(len) is None
