"""Several studies in one: an index that links their pages, and one file or folder with all of them."""

import shutil
import zipfile
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.notes import write_note
from hyperspool.master.studies.published import read_published
from tests.commands import refused, said
from tests.master.analysis.varied import SEVERAL, write_varied


@pytest.fixture
def two(root: Path) -> Path:
    """A shared folder with the studies demo and other."""
    folder = write_varied(root)
    write_note(folder, read_published(folder), "<i>look</i>")
    shutil.copytree(folder.jobs, root / "jobs" / "other")
    shutil.copytree(folder.results, root / "results" / "other")
    other = StudyFolder(root, "other")
    for path in (other.spec, *other.trials.rglob("*.json"), *other.jobs.glob("0*.json")):
        path.write_text(path.read_text().replace('"demo"', '"other"'))
    return root


def test_index_links_the_page_of_each_study(two: Path, tmp_path: Path) -> None:
    out = tmp_path / "handin"
    printed = said("master", "report", "demo", "other", "--root", str(two), "--out", str(out))
    assert f"{out / 'index.html'}: the index of these 2 pages" in printed
    index = (out / "index.html").read_text()
    for name in ("demo", "other"):
        assert f'<a href="{name}/report.html">{name}</a>' in index
        assert (out / name / "report.html").exists()
    assert "best accuracy: 0.1250, with kind=adam" in index
    assert "&lt;i&gt;look&lt;/i&gt;" in index
    assert "5 trials: 1 PENDING, 1 RUNNING, 1 COMPLETE, 1 PRUNED, 1 FAILED" in index


def test_index_names_the_front_of_several_objectives(root: Path, tmp_path: Path) -> None:
    from hyperspool.master.analysis.page.index import write_index

    index = write_index([write_varied(root, **SEVERAL)], tmp_path).read_text()
    assert "a front of 1 trial for accuracy, size_mb" in index


@pytest.mark.parametrize("form", ["txt", "csv"])
def test_several_studies_are_exported_into_one_zip(two: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "all.zip"
    said("master", "export", "demo", "other", "--root", str(two), "--format", form, "--out", str(out))
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
    wanted = {"txt": ["index.txt", "README.txt"], "csv": ["{0}.csv", "{0}.curves.csv"]}[form]
    for study in ("demo", "other"):
        assert {f"{study}/{name.format(study)}" for name in wanted} <= set(names)


def test_one_journal_holds_several_studies(two: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.journal"
    said("master", "export", "demo", "other", "--root", str(two), "--format", "optuna", "--out", str(out))
    storage = JournalStorage(JournalFileBackend(str(out)))
    assert optuna.get_all_study_names(storage) == ["demo", "other"]


def test_unknown_study_stops_before_anything_is_written(two: Path, tmp_path: Path) -> None:
    message = refused("master", "report", "demo", "nobody", "--root", str(two), "--out", str(tmp_path / "out"))
    assert "no study 'nobody'" in message
    assert not (tmp_path / "out").exists()
