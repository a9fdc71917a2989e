"""The files that a final evaluation writes for its user: model, params, curves and model card."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.final import final_folder, model_path
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.reading import read_bytes
from hyperspool.common.records import ModelFile
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.finalize.answer import Answer

MODEL = "model.pt"


def write_files(folder: StudyFolder, final: StudyFolder, spec: StudySpec, result: Finished, answer: Answer) -> Path:
    """Write all files into the study's final folder, replacing earlier ones; return the folder.

    Args:
        folder: the folder of the study whose winner was evaluated.
        final: the folder of the final evaluation.
        spec: the study of the final evaluation.
        result: the result of its trial.
        answer: its answer.

    Raises:
        ProtocolError: the model is not the one that the result names, or the curve is damaged.
    """
    place = final_folder(folder)
    atomic.make_folder(place)
    if answer.model is not None:
        _place_model(final, result, answer.model, place / MODEL)
    curve = _curve(final, result)
    _write(place / "params.json", json.dumps(answer.params, indent=2) + "\n")
    if curve:
        from hyperspool.master.analysis.figures.files import save_figure  # imports matplotlib
        from hyperspool.master.analysis.figures.final_curves import curves_figure

        save_figure(curves_figure(folder.name, curve), place)
    from hyperspool.master.finalize.card import model_card

    _write(place / "model-card.md", model_card(spec, result, answer, curve))
    return place


def copy_files(place: Path, out: Path) -> None:
    """Copy the answer and the files of `write_files` into another folder, which is created if needed."""
    atomic.make_folder(out)
    for name in ("answer.json", MODEL, "params.json", "model-card.md", "curves.png", "curves.svg"):
        with suppress(FileNotFoundError):
            atomic.replace(out / name, (place / name).read_bytes(), durable=False)


def _place_model(final: StudyFolder, result: Finished, model: ModelFile, target: Path) -> None:
    if _is_model(target, model):
        return
    source = model_path(final.checkpoint(AttemptName(Issue(result.trial, number=result.issue), result.attempt)))
    if not _is_model(source, model):
        raise ProtocolError(source, f"is missing, or not the model that the result names (sha256 {model.sha256})")
    atomic.replace(target, read_bytes(source, model.size_bytes), durable=True)
    # Models of killed attempts are removed too: no result names them.
    for leftover in source.parent.glob("*.model"):
        atomic.remove(leftover)


def _is_model(path: Path, model: ModelFile) -> bool:
    try:
        return hashlib.sha256(read_bytes(path, model.size_bytes)).hexdigest() == model.sha256
    except (FileNotFoundError, ProtocolError):
        return False


def _curve(final: StudyFolder, result: Finished) -> list[EpochRecord]:
    try:
        return read_curve(final.curve(result.trial))
    except FileNotFoundError:
        return []


def _write(path: Path, text: str) -> None:
    atomic.replace(path, text.encode(), durable=False)
