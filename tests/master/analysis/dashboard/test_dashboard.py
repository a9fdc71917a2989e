"""The live view in optuna-dashboard: what it shows of a folder, that it follows it, and that it changes nothing."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.dashboard.storage import AGAIN_S, FolderStorage, ReadOnlyError
from hyperspool.master.analysis.exports import extras
from hyperspool.master.results.notes import write_note
from hyperspool.master.studies.published import read_published
from tests.commands import refused
from tests.master.analysis.varied import CURVES, SEVERAL, write_varied


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def served(*folders: StudyFolder) -> Iterator[str]:
    """The address of a dashboard of these studies."""
    pytest.importorskip("optuna_dashboard", reason="the extra dashboard is not installed")
    from hyperspool.master.analysis.dashboard.server import open_server

    with open_server(FolderStorage(folders), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def asked(address: str, method: str = "GET", content: bytes | None = None) -> tuple[int, Any]:
    """Return the status and the JSON of an answer."""
    _, _, host, path = address.split("/", 3)
    connection = HTTPConnection(host, timeout=30)
    try:
        connection.request(method, f"/{path}", content)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def got(address: str) -> Any:
    """Return the JSON of an answer that must be good."""
    status, content = asked(address)
    assert status == HTTPStatus.OK
    return content


def test_dashboard_shows_states_curves_and_notes(root: Path) -> None:
    folder = write_varied(root)
    spec = read_published(folder)
    write_note(folder, spec, "the <b>data</b>\nwere *wrong*")
    write_note(folder, spec, "odd", trial=1)
    with served(folder) as address:
        study = got(f"{address}/api/studies/0")
    assert [trial["state"] for trial in study["trials"]] == ["Complete", "Pruned", "Fail", "Running", "Waiting"]
    curves = [[each["value"] for each in trial["intermediate_values"]] for trial in study["trials"][:4]]
    assert curves == [list(curve) for curve in CURVES]
    assert study["objective_names"] == ["accuracy"]
    assert [best["number"] for best in study["best_trials"]] == [0]
    # Optuna's dashboard reads Markdown, so what would be a tag or a mark is escaped.
    assert study["note"]["body"].startswith("the \\<b\\>data\\<\\/b\\>  \nwere \\*wrong\\*")
    assert study["trials"][1]["note"]["body"].startswith("odd")
    assert study["trials"][0]["note"]["body"] == ""


def test_dashboard_shows_a_front_with_its_constraints(root: Path) -> None:
    with served(write_varied(root, **SEVERAL)) as address:
        study = got(f"{address}/api/studies/0")
    assert [trial["values"] for trial in study["trials"][:2]] == [[0.125, 2.5], [0.75, 5.0]]
    assert [trial["constraints"] for trial in study["trials"]] == [[-1.5], [1.0], [], [], []]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_dashboard_refuses_whatever_could_change_something(root: Path, method: str) -> None:
    folder = write_varied(root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with served(folder) as address:
        assert asked(f"{address}/api/studies/0", method, b"{}")[0] == HTTPStatus.FORBIDDEN
        got(f"{address}/api/studies/0")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_storage_follows_the_folder(root: Path) -> None:
    folder, clock = write_varied(root), Clock()
    storage = FolderStorage([folder], clock)
    [curve] = folder.running.iterdir()
    assert list(storage.get_trial(3).intermediate_values) == [1, 2]
    with curve.open("a") as file:
        file.write("3,0.5,0.1,0.9\n")
    assert list(storage.get_trial(3).intermediate_values) == [1, 2]
    clock.now_s += AGAIN_S
    assert list(storage.get_trial(3).intermediate_values) == [1, 2, 3]


def test_unchanged_folder_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    storage = FolderStorage([write_varied(root)], clock)
    first = storage.get_all_trials(0, deepcopy=False)
    clock.now_s += 10 * AGAIN_S
    assert storage.get_all_trials(0, deepcopy=False)[0] is first[0]


def test_a_folder_that_refuses_leaves_what_was_read(root: Path) -> None:
    folder, clock = write_varied(root), Clock()
    storage = FolderStorage([folder], clock)
    assert len(storage.get_all_trials(0)) == 5
    atomic.replace(folder.spec, b"{", durable=False)
    clock.now_s += AGAIN_S
    assert len(storage.get_all_trials(0)) == 5


def test_storage_writes_nothing(root: Path) -> None:
    storage = FolderStorage([write_varied(root)])
    with pytest.raises(ReadOnlyError):
        storage.set_study_user_attr(0, "x", 1)
    with pytest.raises(ReadOnlyError):
        storage.create_new_trial(0)
    with pytest.raises(KeyError):
        storage.get_study_name_from_id(1)
    with pytest.raises(KeyError):
        storage.get_study_id_from_name("other")


def test_several_studies_have_trials_of_their_own(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "jobs").mkdir(parents=True)
    (other / "results").mkdir()
    storage = FolderStorage([write_varied(root), write_varied(other)])
    assert [study.study_name for study in storage.get_all_studies()] == ["demo", "demo"]
    ids = [trial._trial_id for study in (0, 1) for trial in storage.get_all_trials(study)]
    assert len(set(ids)) == 10
    assert [storage.get_trial(number).number for number in ids] == [0, 1, 2, 3, 4] * 2


def test_a_port_that_is_taken_is_one_line(root: Path) -> None:
    folder = write_varied(root)
    with served(folder) as address:
        port = address.rpartition(":")[2]
        message = refused("master", "dashboard", "demo", "--root", str(root), "--port", port)
    assert f"--host 127.0.0.1 --port {port}: Address already in use; choose another with --port" in message


def test_dashboard_without_its_extra_is_one_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_varied(root)
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    message = refused("master", "dashboard", "demo", "--root", str(root))
    assert "dashboard: optuna-dashboard is not installed here; pip install 'hyperspool[dashboard]'" in message
    with pytest.raises(UsageError):
        extras.need_extra("dashboard", "optuna_dashboard", "dashboard")
