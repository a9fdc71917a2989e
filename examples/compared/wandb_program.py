"""examples/c-program/anneal.c in a W&B sweep: wandb sweep wandb_program.yaml, then wandb agent ID twice."""

import json
import subprocess
import sys

import wandb

run = wandb.init()
command = ["./anneal", "--sweeps", "100"]
command += [part for name, value in run.config.items() for part in (f"--{name}", str(value))]
process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
for line in process.stdout:
    record = json.loads(line)
    run.log({"length": record["length"]}, step=record["epoch"])
sys.exit(process.wait())
