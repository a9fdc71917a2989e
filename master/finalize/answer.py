"""The answer of a final evaluation: given once, written once."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError
from hyperspool.common.final import final_folder
from hyperspool.common.layout import StudyFolder
from hyperspool.common.names import StudyName
from hyperspool.common.reading import read_record
from hyperspool.common.records import Count, Label, Message, ModelFile, Moment, Record, Result, TrialNumber
from hyperspool.common.space import BoundedParams

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


class Answer(Record):
    """What the test part said of a study's winner."""

    schema_version: Literal[1] = 1
    study: StudyName
    trial: TrialNumber
    """The first trial of the study that had the winner's params."""
    params: BoundedParams
    chosen: Message
    """How, in a sentence."""
    diverged: bool = False
    """The final training left the numbers; the test part was not read, and nothing of it stands here."""
    test_error: Annotated[float, Field(ge=0, le=1)] | None = None
    """Fraction of the test part that is misclassified."""
    low: float | None = None
    high: float | None = None
    """Between these lies the error on further images of the same kind, at 95 % confidence (Wilson's interval)."""
    test_errors: Count | None = None
    test_examples: Count | None = None
    model: ModelFile | None = None
    networks: Count | None = None
    """Of how many networks the model is, taken together by their mean softmax outputs; None: of one."""
    worker: Label
    device: Label
    evaluated_at: Moment


def answer_of(result: Result, study: str, trial: int, chosen: str) -> Answer:
    """The answer that a final evaluation's result amounts to.

    Raises:
        ValueError: the result is none of a final evaluation.
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
        raise ValueError("the result does not tell how many test images there are")
    wrong, count = round(metrics["test_errors"]), round(metrics["test_examples"])
    low, high = wilson(wrong, count)
    measured = {"test_error": result.value, "low": low, "high": high, "test_errors": wrong, "test_examples": count}
    networks = round(metrics["snapshots"]) if "snapshots" in metrics else None
    return Answer.model_validate(common | measured | {"model": result.model, "networks": networks})


def wilson(wrong: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, `wrong` of `count`.

    Source: E. B. Wilson 1927, Probable inference, the law of succession, and statistical inference, JASA 22. Unlike the
    usual one it stays within [0, 1], and has a width where nothing is wrong.

    Raises:
        ValueError: `wrong` is no part of `count`.
    """
    if not 0 <= wrong <= count or not count:
        raise ValueError(f"found {wrong} of {count} misclassified, expected a part of at least one")
    share, square = wrong / count, NORMAL_95**2
    centre = share + square / (2 * count)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def answer_path(folder: StudyFolder) -> Path:
    """Where a study's answer stands."""
    return final_folder(folder) / "answer.json"


def read_answer(folder: StudyFolder) -> Answer | None:
    """The answer that a study has, or None.

    Raises:
        ProtocolError: what stands there is no answer of this study.
    """
    path = answer_path(folder)
    try:
        answer = read_record(path, Answer)
    except FileNotFoundError:
        return None
    if answer.study != folder.name:
        raise ProtocolError(path, f"is the answer of study {answer.study!r}, expected {folder.name!r}")
    return answer


def give_answer(folder: StudyFolder, answer: Answer) -> Answer:
    """Write the answer, unless there is one; return the one that stands."""
    atomic.make_folder(final_folder(folder))
    if atomic.write_once(answer_path(folder), answer.to_json()):
        return answer
    return read_answer(folder) or answer
