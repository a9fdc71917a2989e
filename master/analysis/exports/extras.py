"""Other tools, which are installed only where somebody wants them: the extras of this project."""

from importlib.util import find_spec

from hyperspool.common.errors import UsageError


def need_extra(what: str, module: str, extra: str) -> None:
    """Check that a tool is installed.

    Args:
        what: what needs it, as a person typed it.
        module: the tool's module.
        extra: the name of this project's extra that brings it.

    Raises:
        UsageError: it is not.
    """
    if find_spec(module) is None:
        raise UsageError(
            f"{what}: {module.replace('_', '-')} is not installed here; "
            f"pip install 'hyperspool[{extra}]', or in a checkout pip install -e '.[{extra}]'"
        )
