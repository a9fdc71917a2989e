"""Logistic regression on scikit-learn's digits, in numpy."""

from enum import Enum
from typing import Annotated

import numpy as np
import typer
from sklearn.datasets import load_digits


class Schedule(str, Enum):
    constant = "constant"
    cosine = "cosine"


def softmax(scores):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def main(
    learning_rate: Annotated[float, typer.Option(help="Step of gradient descent.")] = 0.5,
    l2: Annotated[float, typer.Option(help="Penalty of large weights.")] = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
    schedule: Schedule = Schedule.constant,
    average: Annotated[bool, typer.Option(help="Average the weights of all epochs.")] = False,
    seed: int = 0,
):
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    x = np.hstack([x / 16, np.ones((len(x), 1))])
    order = rng.permutation(len(x))
    train, val = order[:1300], order[1300:]
    targets = np.eye(10)[y]
    weights = np.zeros((x.shape[1], 10))
    total = np.zeros_like(weights)

    for epoch in range(epochs):
        rate = learning_rate
        if schedule is Schedule.cosine:
            rate *= 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        rng.shuffle(train)
        for start in range(0, len(train), batch_size):
            batch = train[start : start + batch_size]
            error = softmax(x[batch] @ weights) - targets[batch]
            weights -= rate * (x[batch].T @ error / len(batch) + l2 * weights)
        total += weights
        used = total / (epoch + 1) if average else weights
        probabilities = softmax(x[val] @ used)
        print(f"epoch: {epoch + 1}")
        print(f"val_loss: {-np.log(probabilities[np.arange(len(val)), y[val]] + 1e-12).mean():.4f}")
        print(f"val_error: {(probabilities.argmax(axis=1) != y[val]).mean():.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
