from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.commands import CommandDefinition, command_from_option, command_of
from hyperspool.common.errors import SearchError, StudyError
from hyperspool.common.space import Space
from tests.conftest import spec_of

FACTS = {"epochs": "3", "seed": "7"}


def command(*parts: Any, **more: Any) -> CommandDefinition:
    return command_of({"command": list(parts)} | more, "train", Path("mine/my.toml"))


def space(**table: Any) -> Space:
    return spec_of(space=table).space


def test_placeholders_are_filled_in_within_arguments() -> None:
    train = command("train", "--lr={lr}", "{lr}/{epochs}", "{{lr}}", "--seed", "{seed}")
    assert train.arguments({"lr": 1e-05}, FACTS) == ["train", "--lr=1e-05", "1e-05/3", "{lr}", "--seed", "7"]
    assert train.folder == Path("mine").absolute()


def test_values_read_back_exactly() -> None:
    train = command("train", "{a}", "{b}", "{c}", "{d}")
    params: dict[str, Any] = {"a": 0.1 + 0.2, "b": True, "c": 12, "d": "two words; rm -rf"}
    assert train.arguments(params, {}) == ["train", "0.30000000000000004", "true", "12", "two words; rm -rf"]


def test_group_goes_with_its_inactive_parameter() -> None:
    train = command("train", ["--gamma", "{gamma}"], "--lr", "{lr}")
    assert train.arguments({"lr": 1, "gamma": 2}, {}) == ["train", "--gamma", "2", "--lr", "1"]
    assert train.arguments({"lr": 1}, {}) == ["train", "--lr", "1"]
    with pytest.raises(KeyError, match="lr"):
        train.arguments({"gamma": 2}, {})


def test_flag_stands_where_its_parameter_is_true() -> None:
    train = command("train", "{fast:--fast}", "{amp:--amp|--no-amp}", ["-x", "{deep:-d}"])
    assert train.arguments({"fast": True, "amp": False, "deep": False}, {}) == ["train", "--fast", "--no-amp", "-x"]
    assert train.arguments({"fast": False, "amp": True}, {}) == ["train", "--amp"]
    assert command_from_option(str(train)).parts == train.parts
    with pytest.raises(KeyError, match="fast"):
        train.arguments({"amp": True}, {})


def test_flag_of_a_number_is_refused() -> None:
    searched = space(lr=0.1, fast=[True, False], deep=True, kind=["true", "false"])
    assert command("train", "{fast:--fast}", "{deep:--deep}", "{lr}").problems(searched) == ()
    number, text, fact = command("train", "{lr:--lr}", "{kind:-k}", "{seed:-s}").problems(searched)
    assert "so lr is a list of true and false" in number
    assert "so kind is" in text
    assert "so seed is" in fact


def test_option_reads_as_a_shell_would() -> None:
    train = command_from_option("train=python 'my train.py' --lr {lr} [--gamma {gamma}] [1,2]")
    assert train.parts == ("python", "my train.py", "--lr", "{lr}", ("--gamma", "{gamma}"), "[1,2]")
    assert command_from_option(str(train)) == train


def test_command_that_does_not_fit_the_space_is_refused() -> None:
    searched = space(lr=0.1, kind=["a", "b"], gamma={"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": ["a"]}})
    assert command("train", "{lr}", ["{gamma}"], "{epochs}").problems(searched) == ()
    assert command("train", "{lr}").unused(searched) == ("kind", "gamma")
    unknown, inactive = command("train", "{rate}", "--gamma={gamma}").problems(searched)
    assert "placeholder rate: unknown key" in unknown
    assert "{gamma} is not active in every trial" in inactive


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ({"command": "train --lr {lr}"}, "found a text, expected a list"),
        ({"command": []}, "expected a program first"),
        ({"command": ["train", 3]}, "expected a list of texts"),
        ({"command": [["train"]]}, "expected a program first"),
        ({"command": ["train", []]}, "expected a list of texts"),
        ({"command": ["train", "{lr"]}, "write a brace that is no placeholder twice"),
        ({"command": ["train", "{lr:.3f}"]}, "expected a name between the braces"),
        ({"command": ["train", "x{lr:--lr}"]}, "expected a name between the braces"),
        ({"command": ["train", "{lr:--lr|}"]}, "expected a name between the braces"),
        ({"command": ["train", "{}"]}, "expected a name between the braces"),
        ({"command": ["train"], "metrics": "("}, "is not a pattern"),
        ({"command": ["train"], "metrics": r"(?P<name>\w+)=(.*)"}, r"has no group \(\?P<value>"),
        ({"command": ["train"], "metrics": 3}, "expected a pattern in a text"),
    ],
)
def test_malformed_commands_are_refused(objective: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        command_of(objective, "train", Path("my.toml"))


@pytest.mark.parametrize("option", ["train", "=python", "train=", "train='python"])
def test_malformed_options_are_refused(option: str) -> None:
    with pytest.raises(SearchError, match=r"--command"):
        command_from_option(option)
