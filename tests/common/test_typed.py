from typing import Any

import pytest

from hyperspool.common.typed import typed_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True),
        ("FALSE", False),
        ("true", True),
        (".5", 0.5),
        ("5.", 5.0),
        ("+3", 3),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("1_000", 1000),
        ("0x10", 16),
        ("0X1F", 31),
        ("007", 7),
        ("[1, 2]", [1, 2]),
        ("{ low = 1 }", {"low": 1}),
        ('"true"', "true"),
        ("no", "no"),
        ("None", "None"),
        ("two words", "two words"),
        ("", ""),
    ],
)
def test_text_is_what_toml_or_python_reads(text: str, value: Any) -> None:
    found = typed_value(text)
    assert (found, type(found)) == (value, type(value))
