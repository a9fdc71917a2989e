"""Gradient boosting on scikit-learn's breast-cancer data: an ordinary function, and what it measures."""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score


def boost(params, trial):
    model = HistGradientBoostingClassifier(**params, random_state=trial.seeds.initialisation)
    features, classes = load_breast_cancer(return_X_y=True)
    return cross_val_score(model, features, classes, cv=5).mean()
