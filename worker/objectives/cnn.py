"""The objective `cnn`: trains the convolutional network and measures its validation error after the last epoch."""

from hyperspool.worker.objectives.final import evaluate_final
from hyperspool.worker.objectives.network import evaluate_network
from hyperspool.worker.objectives.trial import Measured, Trial
from hyperspool.worker.training.params import CnnParams


def evaluate_cnn(trial: Trial) -> Measured:
    """`evaluate_network` of a CNN; `evaluate_final` if the trial is a final evaluation."""
    evaluate = evaluate_final if trial.is_final else evaluate_network
    return evaluate(trial, CnnParams)
