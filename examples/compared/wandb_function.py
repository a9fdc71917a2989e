"""examples/scikit-learn/boost.py in a W&B sweep: wandb sweep wandb_function.yaml, then wandb agent ID twice."""

import wandb
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score

run = wandb.init()
model = HistGradientBoostingClassifier(**run.config, random_state=0)
features, classes = load_breast_cancer(return_X_y=True)
run.log({"accuracy": cross_val_score(model, features, classes, cv=5).mean()})
