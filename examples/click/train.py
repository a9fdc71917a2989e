"""Fit a support vector machine to scikit-learn's digits."""

import json

import click
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


@click.command()
@click.option("-C", "--penalty", type=click.FloatRange(min=0, min_open=True), default=1.0, help="Penalty of an error.")
@click.option("--kernel", type=click.Choice(["linear", "poly", "rbf"]), default="rbf")
@click.option("--gamma", default=0.02, help="Width of the kernels poly and rbf.")
@click.option("--degree", default=3, help="Degree of the kernel poly.")
@click.option("--scale/--no-scale", default=True, help="Standardise the pixels.")
@click.option("--folds", default=3, help="Folds of the cross-validation.")
def main(penalty, kernel, gamma, degree, scale, folds):
    """Print the accuracy of a support vector machine."""
    x, y = load_digits(return_X_y=True)
    machine = SVC(C=penalty, kernel=kernel, gamma=gamma, degree=degree)
    model = make_pipeline(StandardScaler(), machine) if scale else machine
    scores = cross_val_score(model, x, y, cv=folds)
    print(json.dumps({"val_accuracy": scores.mean(), "worst_fold": scores.min()}))


if __name__ == "__main__":
    main()
