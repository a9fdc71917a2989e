"""The objective `cnn`: trains the convolutional network and measures its validation error after the last epoch."""

from worker.objectives.final import evaluate_final
from worker.objectives.network import evaluate_network
from worker.objectives.trial import Measured, Trial
from worker.training.params import CnnParams


def evaluate_cnn(trial: Trial) -> Measured:
    """`evaluate_network` of a CNN; `evaluate_final` if the trial is a final evaluation."""
    evaluate = evaluate_final if trial.is_final else evaluate_network
    return evaluate(trial, CnnParams)
