"""Exports of studies: the formats, and how their files come into being.

csv, jsonl, parquet      a file of trials and one of curves; of several studies, a zip with both of each
txt                      a zip of text files; of several studies, with a folder for each
optuna                   one file of Optuna's journal storage with all studies
tensorboard, mlflow, wandb
                         a folder of that tool's own files; its writer is asked for only then, and needs an extra

Files are replaced whole, so a reader never sees half an export. A folder is written beside its place and then renamed.
One that is there already is replaced if it is an earlier export; any other is left alone.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.extras import need_extra
from hyperspool.master.analysis.exports.formats import ExportFormat
from hyperspool.master.analysis.exports.trials import csv_files, jsonl_files, parquet_files, text_files

MARK = ".hyperspool-export"
"""The name of the file that marks a folder as an export, which the next one may replace."""
SEVERAL = "studies"
"""The name of an export of several studies, without its ending."""

WRITERS: dict[ExportFormat, Callable[[StudyData], dict[str, bytes]]] = {
    ExportFormat.CSV: csv_files,
    ExportFormat.JSONL: jsonl_files,
    ExportFormat.PARQUET: parquet_files,
}
"""For each format of two files, a function of a study. It returns the content by the ending that a name gets."""
FOLDER_WRITERS = {
    ExportFormat.TENSORBOARD: ("tensorboard", "hyperspool.master.analysis.exports.to_tensorboard"),
    ExportFormat.MLFLOW: ("mlflow", "hyperspool.master.analysis.exports.to_mlflow"),
    ExportFormat.WANDB: ("wandb", "hyperspool.master.analysis.exports.to_wandb"),
}
"""For each tool with a folder of its own, the module that must be installed, and ours with
`write(studies, made, out)`, which writes into the empty folder `made` what will be found at `out`."""


def export(studies: StudyData | Sequence[StudyData], form: ExportFormat | str, out: Path | None = None) -> list[Path]:
    """Write one or more studies for other programs.

    Args:
        studies: in their order.
        form: the format.
        out: the file or folder to write; None: one of the study's name, with the format's ending, here.

    Returns:
        What was written: files, or one folder.

    Raises:
        UsageError: the format is unknown or its extra is missing, the folder of `out` does not exist, or something
            else has the name of `out`.
    """
    if form not in set(ExportFormat):
        raise UsageError(f"--format {form}: expected one of {', '.join(ExportFormat)}")
    chosen, kind = (studies,) if isinstance(studies, StudyData) else tuple(studies), ExportFormat(form)
    out = out or _default_out(chosen, kind)
    if kind.is_folder:
        return [_write_folder(chosen, kind, out)]
    check_out(out)
    contents = dict(_contents(chosen, kind, out))
    for path, content in contents.items():
        atomic.replace(path, content, durable=False)
    return list(contents)


def check_out(out: Path) -> None:
    """Check that a file can be written.

    Raises:
        UsageError: the file's folder does not exist, or the name is that of a folder.
    """
    _need_parent(out)
    if out.is_dir():
        raise UsageError(f"--out {out}: this is a folder; give the name of a file in it")


def _default_out(studies: Sequence[StudyData], kind: ExportFormat) -> Path:
    is_zip = len(studies) > 1 and kind in WRITERS
    return Path(f"{studies[0].spec.name if len(studies) == 1 else SEVERAL}{'.zip' if is_zip else kind.suffix}")


def _contents(studies: Sequence[StudyData], kind: ExportFormat, out: Path) -> Iterator[tuple[Path, bytes]]:
    if kind is ExportFormat.OPTUNA:
        from hyperspool.master.analysis.exports.optuna_journal import journal_lines

        yield out, journal_lines(studies)
    elif len(studies) > 1:
        yield out, _zip((f"{data.spec.name}/{name}", text) for data in studies for name, text in _files(data, kind))
    elif kind is ExportFormat.TXT:
        yield out, _zip(_files(studies[0], kind))
    else:
        stem = out.name.removesuffix(kind.suffix)
        for ending, content in WRITERS[kind](studies[0]).items():
            yield (out.with_name(f"{stem}{ending}{kind.suffix}") if ending else out), content


def _files(data: StudyData, kind: ExportFormat) -> Iterator[tuple[str, str | bytes]]:
    if kind is ExportFormat.TXT:
        yield from text_files(data)
    else:
        for ending, content in WRITERS[kind](data).items():
            yield f"{data.spec.name}{ending}{kind.suffix}", content


def _zip(files: Iterable[tuple[str, str | bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            # ZipInfo's default date is constant, so the same study gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _write_folder(studies: Sequence[StudyData], kind: ExportFormat, out: Path) -> Path:
    needed, own = FOLDER_WRITERS[kind]
    need_extra(f"--format {kind}", needed, extra=kind)
    writer: Any = import_module(own)
    _need_parent(out)
    is_ours = (out / MARK).is_file()
    if out.exists() and not is_ours:
        raise UsageError(f"--out {out}: there is something else of that name; give another name, or move it away")
    # Beside its place, so that it can be renamed.
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as place:
        made = Path(place) / "made"
        made.mkdir()
        writer.write(studies, made.absolute(), out.absolute())
        (made / MARK).write_text(f"an export of {', '.join(data.spec.name for data in studies)} for {kind}\n")
        if is_ours:
            out.rename(Path(place) / "before")
        made.rename(out)
    return out


def _need_parent(out: Path) -> None:
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent.absolute()}; make it first")
