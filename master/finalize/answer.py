"""The answer of a final evaluation, which is written once and never changed."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError
from hyperspool.common.final import final_folder
from hyperspool.common.layout import StudyFolder
from hyperspool.common.names import StudyName
from hyperspool.common.outcome import Finished
from hyperspool.common.reading import read_record
from hyperspool.common.records import Count, Label, Message, ModelFile, Moment, Record, TrialNumber
from hyperspool.common.space import BoundedParams

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class Answer(Record):
    """The result of a study's winner on the test part."""

    schema_version: Literal[1] = 1
    study: StudyName
    trial: TrialNumber
    """The first trial of the study with the winner's params."""
    params: BoundedParams
    chosen: Message
    """How the winner was chosen, in a sentence."""
    diverged: bool = False
    """The final training produced numbers that are not finite. The test part was not read, so the fields below that
    describe it are None."""
    test_error: Annotated[float, Field(ge=0, le=1)] | None = None
    """The fraction of the test part that is misclassified, in [0, 1]."""
    low: float | None = None
    high: float | None = None
    """The bounds of the error on further images of the same kind, at 95 % confidence (Wilson's interval)."""
    test_errors: Count | None = None
    test_examples: Count | None = None
    model: ModelFile | None = None
    networks: Count | None = None
    """The number of networks in the model, which averages their softmax outputs; None: a single network."""
    worker: Label
    device: Label
    evaluated_at: Moment


def answer_of(result: Finished, study: str, trial: int, chosen: str) -> Answer:
    """Make the answer from a final evaluation's result.

    Args:
        result: the result of the final evaluation.
        study: the name of the study whose winner was evaluated.
        trial: the study's first trial with the winner's params.
        chosen: how the winner was chosen, in a sentence.

    Raises:
        ValueError: the result is not from a final evaluation.
    """
    common = {
        "study": study,
        "trial": trial,
        "params": result.params,
        "chosen": chosen,
        "worker": result.attribution.worker,
        "device": result.attribution.device,
        "evaluated_at": result.times.ended_at,
    }
    if result.diverged:
        return Answer.model_validate(common | {"diverged": True})
    metrics = result.metrics or {}
    if not {"test_errors", "test_examples"} <= metrics.keys():
        raise ValueError("the result is not from a final evaluation: it lacks test_errors or test_examples")
    wrong, count = round(metrics["test_errors"]), round(metrics["test_examples"])
    low, high = wilson(wrong, count)
    measured = {"test_error": result.value, "low": low, "high": high, "test_errors": wrong, "test_examples": count}
    networks = round(metrics["snapshots"]) if "snapshots" in metrics else None
    return Answer.model_validate(common | measured | {"model": result.model, "networks": networks})


def wilson(wrong: int, count: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a proportion, `wrong` of `count`.

    Source: E. B. Wilson 1927, Probable inference, the law of succession, and statistical inference, JASA 22. Unlike the
    normal approximation, the interval stays within [0, 1] and has a width even if `wrong` is 0.

    Raises:
        ValueError: `count` is 0, or `wrong` is not in 0 to `count`.
    """
    if not 0 <= wrong <= count or not count:
        raise ValueError(f"found {wrong} of {count} misclassified, expected 0 to {count} of at least 1")
    share, square = wrong / count, NORMAL_95**2
    centre = share + square / (2 * count)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def answer_path(folder: StudyFolder) -> Path:
    """Return the path of a study's answer."""
    return final_folder(folder) / "answer.json"


def read_answer(folder: StudyFolder) -> Answer | None:
    """Read a study's answer; None if it has none yet.

    Raises:
        ProtocolError: the file is not a valid answer, or belongs to another study.
    """
    path = answer_path(folder)
    try:
        answer = read_record(path, Answer)
    except FileNotFoundError:
        return None
    if answer.study != folder.name:
        raise ProtocolError(path, f"found the answer of study {answer.study!r}, expected {folder.name!r}")
    return answer


def give_answer(folder: StudyFolder, answer: Answer) -> Answer:
    """Write the answer unless the study has one; return the answer that the study has then."""
    atomic.make_folder(final_folder(folder))
    if atomic.write_once(answer_path(folder), answer.to_json()):
        return answer
    return read_answer(folder) or answer
