from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.records import Result
from hyperspool.master.results.software import difference_sentences, software_json, software_of
from hyperspool.master.results.standing import Standing
from hyperspool.master.terminal.tables import standing_lines
from tests.conftest import job_of, spec_of
from tests.master.journal.test_proposer import result_of

OLD, NEW = "0" * 16, "f" * 16


def evaluated(trial: int, host: str, torch: str, code: str | None = None) -> Result:
    """A result from a host with this version of torch."""
    result = result_of(job_of(trial), 0.5)
    who = result.attribution.model_copy(
        update={"host": host, "versions": {"python": "3.11.2", "torch": torch}, "code": code}
    )
    return result.model_copy(update={"attribution": who})


def running(host: str, torch: str) -> WorkerRecord:
    """The heartbeat of a worker that evaluates trial 9."""
    return WorkerRecord.model_validate(
        {
            "worker": host,
            "host": host,
            "pid": 1,
            "device": "cpu",
            "state": "running",
            "trial": 9,
            "versions": {"python": "3.11.2", "torch": torch},
            "beat": 1,
            "at": "",
        }
    )


def test_versions_that_differ_between_hosts_are_named() -> None:
    results = [
        evaluated(0, "lab1", "2.13.0", OLD),
        evaluated(1, "lab2", "2.13.0", OLD),
        evaluated(2, "lab3", "2.12.1", NEW),
    ]
    standing = Standing(spec_of(), {result.evaluation: result for result in results}, [running("lab4", "2.12.1")])
    torch, code = difference_sentences(standing.software)
    assert torch == (
        "torch differs between hosts, which may not be comparable: 2.13.0 on lab1, lab2 (2 results), "
        "2.12.1 on lab3, lab4 (1 result)"
    )
    assert code.startswith("the objective's code differs between hosts")
    assert "00000000 on lab1, lab2 (2 results), ffffffff on lab3 (1 result)" in code
    assert torch in [line.plain for line in standing_lines(standing)]
    assert standing.to_json()["software"]["python"] == {
        "3.11.2": {"hosts": ["lab1", "lab2", "lab3", "lab4"], "results": 3}
    }


def test_versions_that_changed_on_one_host_are_named() -> None:
    software = software_of([evaluated(0, "lab1", "2.13.0"), evaluated(1, "lab1", "2.12.1")])
    (sentence,) = difference_sentences(software)
    assert sentence.startswith("torch was changed between its results, which may not be comparable: 2.13.0 on lab1")
    assert not list(difference_sentences(software_of([evaluated(0, "lab1", "2.13.0")])))


def test_many_versions_are_shown_in_part() -> None:
    software = software_of(evaluated(number, f"lab{number}", f"2.{number}\x1b[2J") for number in range(6))
    (sentence,) = difference_sentences(software)
    assert sentence.endswith("2.3?[2J on lab3 (1 result) and 2 more")
    assert len(software_json(software)["torch"]) == 6
