"""examples/c-program/anneal.c tuned by Optuna. Start this program twice for two workers."""

import json
import subprocess

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend


def objective(trial):
    command = ["./anneal", "--sweeps", "100"]
    command += ["--temperature", str(trial.suggest_float("temperature", 0.01, 10.0, log=True))]
    command += ["--cooling", str(trial.suggest_float("cooling", 0.8, 0.999))]
    command += ["--moves", str(trial.suggest_int("moves", 50, 5000, log=True))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    length = None
    for line in process.stdout:
        record = json.loads(line)
        length = record["length"]
        trial.report(length, record["epoch"])
    if process.wait() or length is None:
        raise RuntimeError(f"anneal ended with status {process.returncode}")
    return length


storage = JournalStorage(JournalFileBackend("program.log"))
study = optuna.create_study(study_name="program", storage=storage, direction="minimize", load_if_exists=True)
study.optimize(objective, callbacks=[optuna.study.MaxTrialsCallback(12)], catch=(RuntimeError,))
