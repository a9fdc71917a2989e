from hyperspool.common.issues import EvaluationName
from hyperspool.common.layout import StudyFolder
from hyperspool.common.output import MAX_LINE, find_log, last_lines, last_lines_of, lines_of
from hyperspool.common.records import Attribution, Result, Status, Times
from tests.conftest import job_of


def test_lines_are_safe_to_show() -> None:
    assert lines_of(b"\x1b[31mred\x1b[0m\n\x07bell\xff\n\x1b]0;owned\n") == ["red", r"\x07bell\xff", r"\x1b]0;owned"]


def test_a_line_that_was_overwritten_shows_its_last_state() -> None:
    assert lines_of(b" 10%\r 50%\r100%\r\nend\r\n") == ["100%", "end"]


def test_last_lines_are_few_short_and_not_empty() -> None:
    assert last_lines(b"1\n2\n\n3\n4\n \n") == ("2", "3", "4")
    (line,) = last_lines(b"x" * 10_000_000)
    assert len(line) == MAX_LINE
    assert last_lines(b"") == ()


def test_an_evaluations_log_is_that_of_its_last_attempt(folder: StudyFolder) -> None:
    name = EvaluationName(3)
    assert find_log(folder, name) is None
    folder.logs.mkdir()
    assert find_log(folder, name) is None
    for stem in ("00003.issue1.attempt9", "00003.issue2.attempt1", "00004.issue5.attempt1", "worker-1"):
        (folder.logs / f"{stem}.log").write_text(stem)
    found = find_log(folder, name)
    assert found is not None
    assert last_lines_of(found) == ("00003.issue2.attempt1",)


def test_a_finished_evaluations_log_is_its_results(folder: StudyFolder) -> None:
    folder.logs.mkdir()
    for stem in ("00000.issue1.attempt1", "00000.issue1.attempt2"):
        (folder.logs / f"{stem}.log").write_text(stem)
    folder.trial_folder(0).mkdir(parents=True, exist_ok=True)
    job = job_of()
    result = Result(
        study=job.study,
        trial=0,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=0.5,
        params=job.params,
        budget=job.budget,
        seeds=job.seeds,
        attribution=Attribution(worker="mine", host="here", pid=1, device="cpu", threads=1),
        times=Times(published_at="", claimed_at="", ended_at="", evaluation_s=1.0, training_s=0.0),
    )
    folder.result(0).write_bytes(result.to_json())
    found = find_log(folder, EvaluationName(0))
    assert found is not None
    assert found.name == "00000.issue1.attempt1.log"


def test_a_log_that_is_not_there_has_no_lines(folder: StudyFolder) -> None:
    assert last_lines_of(folder.logs / "nothing.log") == ()
