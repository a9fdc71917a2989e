"""Finished grids with numbers that the tests give, and their answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from hyperspool.common.grid import grid
from hyperspool.common.space import Params
from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.data.frames import StudyData
from tests.master.analysis.synthetic import make_study_data

RATES = {"learning_rate": [0.01, 0.1, 1.0], "batch_size": [20, 100]}


def answer_to(data: StudyData, question: str) -> Answer:
    """The study's answer to one question."""
    return next(answer for answer in answers(data) if answer.question == question)


def questions_of(data: StudyData) -> list[str]:
    """The questions that the study answers."""
    return [answer.question for answer in answers(data)]


def text_of(data: StudyData, question: str) -> str:
    """The sentences of an answer, one per line."""
    return "\n".join(answer_to(data, question).sentences)


def study(
    space: Mapping[str, Any],
    errors: Callable[[Params, int], Sequence[float]],
    *,
    replicates: int = 1,
    seconds: Callable[[Params], float] = lambda _: 1.0,
    direction: str = "minimise",
) -> StudyData:
    """A finished grid whose validation errors and seconds per epoch are given.

    Args:
        space: lists of values.
        errors: the curve of the n-th replicate of given params; its last error is the value.
        replicates: of each setting.
        seconds: of an epoch.
        direction: of the objective.
    """
    made = make_study_data(space, replicates=replicates, direction=direction)
    settings = list(grid(made.spec.space))
    trials, curves = made.trials.copy(), []
    for trial in range(len(trials)):
        params, replicate = settings[trial // replicates], trial % replicates
        curve = errors(params, replicate)
        trials.loc[trial, ["value", "epochs"]] = [curve[-1], len(curve)]
        each = seconds(params)
        curves.append(
            pd.DataFrame(
                {
                    "trial": trial,
                    "setting": trial // replicates,
                    "replicate": replicate,
                    "epoch": range(1, len(curve) + 1),
                    "seconds": each,
                    "elapsed_s": [each * epoch for epoch in range(1, len(curve) + 1)],
                    "training_loss": [2 * error for error in curve],
                    "validation_loss": [3 * error for error in curve],
                    "validation_error": list(curve),
                    "learning_rate": 0.1,
                }
            )
        )
    return StudyData(made.spec, trials, pd.concat(curves, ignore_index=True))


def falling(params: Params, replicate: int) -> list[float]:
    """Many filters learn more per epoch."""
    return [1 / (1 + epoch * float(params["num_filters"])) + 0.001 * replicate for epoch in range(1, 9)]
