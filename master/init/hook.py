"""Runs a script with `--help` and writes its parser's options as JSON, instead of a help text that leaves out types.

This file runs alone, under the interpreter of the person's script: it imports nothing but the standard library, and
nothing of this project.

    python hook.py OUT SCRIPT

It catches argparse and click (on which typer stands, as a library or as a part of itself) at the moment the script
parses its command line, writes OUT, and ends the process before the script does anything else. A script that parses
in another way prints its help text, as it would without this hook.
"""

import argparse
import enum
import importlib.abc
import importlib.machinery
import json
import os
import runpy
import sys
import traceback
import typing
from pathlib import Path
from types import ModuleType

OUT, SCRIPT = sys.argv[1:3] if __name__ == "__main__" else ("", "")
HELP = "--help"
CLICKS = ("click.core", "typer.core", "typer._click.core")
PLAIN = (bool, int, float, str)
UNSET = ("==SUPPRESS==", "Sentinel.UNSET")
KINDS = {bool: "bool", int: "int", float: "float", str: "text"}


def end_with(found: dict[str, object]) -> None:
    """Write what was found and end the process at once: no exit function of the script's libraries runs."""
    part = f"{OUT}.part"
    Path(part).write_text(json.dumps(found), encoding="utf-8")
    Path(part).replace(OUT)
    sys.stdout.flush()
    os._exit(0)


def plain(value: typing.Any) -> typing.Any:
    """A value as JSON has it; None for what is neither a number nor a text."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, (*PLAIN, type(None))):
        return None if str(value) in UNSET else value
    return str(value) if isinstance(value, os.PathLike) else None


def listed(choices: typing.Any) -> "list[object] | None":
    """An option's choices as a list; None if it has none, or too many to be a list for a person."""
    try:
        values = [plain(choice) for choice in choices][:1000]
    except TypeError:
        return None
    return [value for value in values if value is not None]


def kind_of(given: typing.Any, default: typing.Any) -> "str | None":
    """The kind of an option's values, from the type it was given, or else from its default."""
    if given in KINDS:
        return KINDS[given]
    if isinstance(given, type) and issubclass(given, os.PathLike):
        return "path"
    default = plain(default)
    return KINDS.get(type(default)) if default is not None else "text" if given is None else None


# argparse ------------------------------------------------------------------------------------------------------------


def argparse_option(action: argparse.Action) -> "dict[str, object]":
    """One action of an argparse parser."""
    name = type(action).__name__
    form, kind, off = "value", kind_of(action.type, action.default), None
    if isinstance(action, argparse._StoreTrueAction):
        form, kind = "flag_on", "bool"
    elif isinstance(action, argparse._StoreFalseAction):
        form, kind = "flag_off", "bool"
    elif name == "BooleanOptionalAction":
        form, kind = "toggle", "bool"
        off = next((flag for flag in action.option_strings if flag.startswith("--no-")), None)
    elif isinstance(action, argparse._CountAction):
        form = "count"
    elif action.nargs not in (None, "?") or "Append" in name or "Const" in name:
        form = "several"
    elif not action.option_strings:
        form = "positional"
    elif action.type is bool:
        kind = "truth"
    return {
        "flags": [flag for flag in action.option_strings if flag != off] or [action.dest],
        "off_flag": off,
        "form": form,
        "kind": kind,
        "default": plain(action.default),
        "choices": listed(action.choices) if action.choices is not None else None,
        "required": bool(action.required) and action.nargs != "?",
        "help": "" if action.help in (None, argparse.SUPPRESS) else str(action.help),
    }


def argparse_found(parser: argparse.ArgumentParser) -> "dict[str, object]":
    """What an argparse parser offers."""
    subs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    skipped = (argparse._HelpAction, argparse._VersionAction, argparse._SubParsersAction)
    return {
        "reader": "argparse",
        "sub_commands": [str(name) for action in subs for name in action.choices],
        "options": [argparse_option(action) for action in parser._actions if not isinstance(action, skipped)],
    }


def catch_argparse() -> "list[argparse.ArgumentParser]":
    """Catch every way in which argparse reads a command line; return the parsers that read only a part of it."""
    partial: list[argparse.ArgumentParser] = []
    parse_args, parse_known = argparse.ArgumentParser.parse_args, argparse.ArgumentParser.parse_known_args

    def is_ours(args: typing.Any) -> bool:
        return args is None or HELP in list(args)

    def caught(self: typing.Any, args: typing.Any = None, namespace: typing.Any = None) -> typing.Any:
        if is_ours(args):
            end_with(argparse_found(self))
        return parse_args(self, args, namespace)

    def caught_known(self: typing.Any, args: typing.Any = None, namespace: typing.Any = None) -> typing.Any:
        # A parser without --help is asked before the real one, for the name of a settings file, say.
        if is_ours(args) and self.add_help:
            end_with(argparse_found(self))
        partial.append(self)
        return parse_known(self, args, namespace)

    # Libraries that replace the methods above still print the parser's own help.
    def caught_help(self: typing.Any, *_: typing.Any) -> None:
        end_with(argparse_found(self))

    for name, method in (("parse_args", caught), ("parse_known_args", caught_known), ("print_help", caught_help)):
        setattr(argparse.ArgumentParser, name, method)
    return partial


# click and typer -----------------------------------------------------------------------------------------------------


def click_type(param: typing.Any) -> "tuple[str | None, list[object] | None, object]":
    """Kind, choices and range type of an option of click, or of a typer that has its own types."""
    given = getattr(param, "type", None)
    if given is None:
        note = getattr(getattr(param, "type_descriptor", None), "annotation", None)
        arguments = [part for part in typing.get_args(note) if part is not type(None)]
        if typing.get_origin(note) is typing.Literal:
            return "text", listed(arguments), param
        if len(arguments) == 1 and typing.get_origin(note) not in (list, tuple):
            note = arguments[0]
        if isinstance(note, type) and issubclass(note, enum.Enum):
            return "text", listed(note), param
        return kind_of(note, param.default), None, param
    name = type(given).__name__
    for start, kind in (("Int", "int"), ("Float", "float"), ("Bool", "bool"), ("String", "text")):
        if name.startswith(start):
            return kind, None, given
    if hasattr(given, "choices"):
        return "text", listed(given.choices), given
    return "path" if name in ("Path", "File", "TyperPath") else kind_of(object(), param.default), None, given


def click_option(param: typing.Any) -> "dict[str, object]":
    """One parameter of a click command."""
    kind, choices, limits = click_type(param)
    default = param.default
    form, off = "value", next(iter(getattr(param, "secondary_opts", ())), None)
    if not str(param.opts[0]).startswith("-"):
        form = "positional" if param.nargs == 1 else "several"
    elif getattr(param, "count", False):
        form = "count"
    elif getattr(param, "multiple", False) or param.nargs != 1 or isinstance(default, (list, tuple)):
        form = "several"
    elif getattr(param, "is_flag", False):
        form, kind = "toggle" if off else "flag_off" if default is True else "flag_on", "bool"
        default = default is True
    low, high = getattr(limits, "min", None), getattr(limits, "max", None)
    return {
        "flags": list(param.opts),
        "off_flag": off,
        "form": form,
        "kind": kind,
        "default": plain(default),
        "choices": choices,
        "low": plain(low),
        "high": plain(high),
        "required": bool(param.required),
        "help": str(getattr(param, "help", None) or ""),
    }


def click_found(command: typing.Any) -> "dict[str, object]":
    """What a click command offers."""
    names = {"help", "version", "install_completion", "show_completion"}
    params = [param for param in command.params if param.name not in names]
    return {
        "reader": "click",
        "sub_commands": [str(name) for name in getattr(command, "commands", {})],
        "options": [click_option(param) for param in params],
    }


class ClickFinder(importlib.abc.MetaPathFinder):
    """Patches the commands of click and typer as soon as the script imports them, and imports nothing by itself."""

    def find_spec(self, fullname: str, path: typing.Any, target: "ModuleType | None" = None) -> typing.Any:
        """The module's own spec, whose loader patches the module after it ran."""
        if fullname not in CLICKS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_patch(module: ModuleType) -> None:
            run(module)
            for kind in list(vars(module).values()):
                for name in ("main", "__call__"):
                    if isinstance(kind, type) and name in vars(kind) and kind.__module__ == fullname:
                        catch_click(kind, name)

        spec.loader.exec_module = run_and_patch  # type: ignore[method-assign]
        return spec


def catch_click(kind: type, name: str) -> None:
    """Replace one method that reads the command line."""
    own = getattr(kind, name)

    def caught(self: typing.Any, *args: typing.Any, **settings: typing.Any) -> typing.Any:
        if hasattr(self, "params"):
            end_with(click_found(self))
        return own(self, *args, **settings)

    setattr(kind, name, caught)


def main() -> None:
    """Run the script as `python SCRIPT --help` would."""
    sys.argv = [SCRIPT, HELP]
    sys.path[0] = str(Path(SCRIPT).resolve().parent)
    sys.meta_path.insert(0, ClickFinder())
    partial = catch_argparse()
    try:
        runpy.run_path(SCRIPT, run_name="__main__")
    except SystemExit:
        if not partial:
            raise
    except Exception as error:  # noqa: BLE001 - shown as it is, without the frames of this file
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != SCRIPT:
            trace = trace.tb_next
        traceback.print_exception(type(error), error, trace)
        sys.exit(1)
    if partial:
        end_with(argparse_found(max(partial, key=lambda parser: len(parser._actions))))


if __name__ == "__main__":
    main()
