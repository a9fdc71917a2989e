"""Text from a study's author, an objective or a worker is shown as text, in a terminal and on a page."""

import json
import logging
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.printable import PrintableFormatter, printable, printable_line
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result, Status
from hyperspool.master.results.notes import write_note
from hyperspool.master.terminal.console import Terminal
from tests.conftest import job_of, spec_of
from tests.hostile.traps import ESCAPES, publish
from tests.processes import Processes, finished_trials, until

HOSTILE = f"{ESCAPES}<script>alert(1)</script>[bold]$\\frac{{$ 22:15:00 worker COMPLETE\n22:16:00 all is well"
CONTROLS = [chr(code) for code in (*range(9), *range(11, 32), 127, *range(128, 160), 0x202E, 0x2066, 0x200B)]


def test_unprintable_characters_are_written_as_escapes() -> None:
    assert printable("plain, naïve, 数") == "plain, naïve, 数"
    assert printable(f"{ESCAPES}\n\udcff") == r"\x1b]0;owned\x07\x1b[31m\r" + "\n" + r"\u202e" + "\n" + r"\udcff"
    assert printable_line("one\ntwo") == r"one\ntwo"
    assert not any(control in printable("".join(CONTROLS)) for control in CONTROLS)


def test_a_log_record_cannot_look_like_two() -> None:
    record = logging.LogRecord("name", logging.INFO, "path", 1, "FAILED: %s", (HOSTILE,), None)
    lines = PrintableFormatter("22:14:00 %(message)s").format(record).split("\n")
    assert len(lines) == 3
    assert all(line.startswith("    ") for line in lines[1:])


def test_the_console_colours_its_own_text_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(force_terminal=True, color_system="standard").print(Text(ESCAPES, style="red"))
    shown = capsys.readouterr().out
    assert shown.count("\x1b[31m") == shown.count("\x1b[0m")  # our own colour, begun and ended by us
    assert r"\x1b[31m" in shown
    assert "\x07" not in shown
    Console(force_terminal=True).print(Text(ESCAPES))  # rich alone lets escapes through
    assert "\x1b]0;owned" in capsys.readouterr().out


def hostile_result(trial: int) -> Result:
    failure = {"kind": "exception", "message": HOSTILE, "traceback": HOSTILE} if trial % 3 == 2 else None
    job = job_of(trial, params={"x": HOSTILE if trial % 2 else "plain", "y": trial / 12})
    table = json.loads(job.to_json())
    times = {"published_at": HOSTILE[:40], "claimed_at": "", "ended_at": "", "evaluation_s": 1.0, "training_s": 1e14}
    who = {"worker": "w", "host": HOSTILE[:200], "pid": 1, "device": HOSTILE[:200], "threads": 2**31 - 1}
    del table["published_at"]
    status = (
        {"status": "FAILED", "failure": failure} if failure else {"status": "COMPLETE", "value": 10.0 ** (25 * trial)}
    )
    versions = {HOSTILE: HOSTILE}
    more = {"attempt": 1, "attribution": who | {"versions": versions}, "times": times}
    return Result.model_validate_json(json.dumps(table | status | more))


@pytest.fixture
def hostile_study(root: Path) -> StudyFolder:
    folder = StudyFolder(root, "demo")
    space = {"x": [HOSTILE, "plain"], "y": {"type": "float", "low": 0.0, "high": 1.0}}
    spec = spec_of(title=HOSTILE[:200], trials=12, space=space)
    for path in (*folder.folders, folder.trial_folder(0)):
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec.to_json())
    write_note(folder, spec, HOSTILE)
    write_note(folder, spec, HOSTILE, trial=1)
    for result in map(hostile_result, range(12)):
        atomic.write_once(folder.result(result.trial), result.to_json())
    return folder


@pytest.mark.parametrize("command", [["status", "demo"], ["status"], ["top", "demo"], ["report", "demo"]])
def test_no_command_prints_control_characters(
    hostile_study: StudyFolder, processes: Processes, command: list[str]
) -> None:
    printed = processes.finish(processes.start("master", *command, "--root", str(hostile_study.root)))
    assert not [control for control in CONTROLS if control in printed]


def test_the_page_holds_no_foreign_script_or_control_character(
    hostile_study: StudyFolder, processes: Processes
) -> None:
    processes.finish(processes.start("master", "report", "demo", "--root", str(hostile_study.root)))
    page = (hostile_study.report / "report.html").read_text()
    # The page has two scripts of its own: the trials as JSON, and what its policy allows to run.
    assert re.findall("<script[^>]*>", page) == ['<script type="application/json" id="trials-data">', "<script>"]
    assert page.count("</script>") == 2
    assert not [control for control in CONTROLS if control in page]
    for figure in (hostile_study.report / "figures").glob("*.svg"):
        drawn = figure.read_text()
        assert "<script" not in drawn
        assert not [control for control in CONTROLS if control in drawn]


def test_a_workers_log_shows_an_objectives_words_as_text(root: Path, processes: Processes) -> None:
    folder, _, _ = publish(root, "demo", objective={"name": "shouting"})
    worker = processes.worker(objective="shouting")
    until(lambda: 0 in finished_trials(folder), "the result", root)
    until(lambda: "FAILED" in processes.output(worker), "its line in the log", root)
    printed = processes.output(worker)
    assert not [control for control in CONTROLS if control in printed]
    assert not any(line.startswith("22:16") for line in printed.splitlines())
    assert read_record(folder.result(0), Result).status is Status.FAILED
