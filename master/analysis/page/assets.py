"""The style and the script of the page, which stand in it, so that it needs no other file."""

import base64
import hashlib
from functools import cache
from importlib import resources

from markupsafe import Markup

STYLES = ("layout", "figures", "table", "detail", "print")
SCRIPTS = (
    "state",
    "figures",
    "pointing",
    "detail",
    "csv",
    "table",
    "zoom",
    "sides",
    "tools",
    "parallel",
    "theme",
    "live",
    "start",
)
"""In the order in which they run."""


@cache
def style(*names: str) -> Markup:
    """Style sheets of the page, one after another."""
    return Markup("\n".join(_read(f"{name}.css") for name in names))  # noqa: S704 - our own files


@cache
def script() -> Markup:
    """The page's script. It stands in one function, so that it adds no global names."""
    parts = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return Markup(f"(() => {{\n{parts}}})();\n")  # noqa: S704 - our own files


def policy() -> str:
    """What the page may do: run this script alone, and ask for nothing, whatever else is written in it."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _read(name: str) -> str:
    place = resources.files("hyperspool.master") / "analysis" / "page" / "browser" / name
    return place.read_text(encoding="utf-8")
