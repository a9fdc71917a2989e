"""examples/scikit-learn/boost.py tuned by Optuna. Start this program twice for two workers."""

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score


def objective(trial):
    model = HistGradientBoostingClassifier(
        learning_rate=trial.suggest_float("learning_rate", 0.01, 1.0, log=True),
        max_iter=trial.suggest_int("max_iter", 20, 200),
        max_leaf_nodes=trial.suggest_int("max_leaf_nodes", 4, 64, log=True),
        l2_regularization=trial.suggest_float("l2_regularization", 1e-3, 10.0, log=True),
        random_state=0,
    )
    features, classes = load_breast_cancer(return_X_y=True)
    return cross_val_score(model, features, classes, cv=5).mean()


storage = JournalStorage(JournalFileBackend("function.log"))
study = optuna.create_study(study_name="function", storage=storage, direction="maximize", load_if_exists=True)
study.optimize(objective, callbacks=[optuna.study.MaxTrialsCallback(12)])
