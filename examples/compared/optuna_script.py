"""examples/pytorch-argparse/train.py tuned by Optuna. Start this program twice for two workers."""

import re
import subprocess
import sys

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend


def objective(trial):
    command = [sys.executable, "train.py", "--epochs", "5"]
    command += ["--lr", str(trial.suggest_float("lr", 0.005, 0.5, log=True))]
    command += ["--momentum", str(trial.suggest_float("momentum", 0.0, 0.99))]
    command += ["--width", str(trial.suggest_int("width", 16, 256, log=True))]
    command += ["--activation", trial.suggest_categorical("activation", ["relu", "tanh", "gelu"])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    accuracy = None
    for line in process.stdout:
        if found := re.search(r"epoch (\d+) val_accuracy=([\d.]+)", line):
            accuracy = float(found[2])
            trial.report(accuracy, int(found[1]))
    if process.wait() or accuracy is None:
        raise RuntimeError(f"train.py ended with status {process.returncode}")
    return accuracy


storage = JournalStorage(JournalFileBackend("script.log"))
study = optuna.create_study(study_name="script", storage=storage, direction="maximize", load_if_exists=True)
study.optimize(objective, callbacks=[optuna.study.MaxTrialsCallback(12)], catch=(RuntimeError,))
