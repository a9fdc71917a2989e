"""Studies as offline runs of Weights & Biases, which `wandb sync` uploads whenever somebody wants that.

Each study is a project, each trial a run, with its params, its curve, what it measured and its state. Runs of equal
params are a group. Nothing is sent: the tool is started offline, and told to leave out what it would say of this
machine. A run takes it a quarter of a second.
"""

from collections.abc import Sequence
from pathlib import Path

from hyperspool.common.environment import environment
from hyperspool.common.records import Status
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.plain_trials import PlainTrial, goals_of, plain_trials

VARIABLES = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}


def write(studies: Sequence[StudyData], made: Path, _out: Path) -> None:
    """Write the studies' runs into `wandb/` of an empty folder."""
    with environment(VARIABLES):
        for data in studies:
            ways = {goal.measure: str(goal.direction) for goal in goals_of(data.spec)}
            for trial in plain_trials(data):
                _write_run(data.spec.name, ways, trial, made)


def _write_run(study: str, ways: dict[str, str], trial: PlainTrial, folder: Path) -> None:
    import wandb

    quiet = {"console": "off", "save_code": False, "disable_git": True, "silent": True}
    unsaid = {"x_disable_meta": True, "x_disable_stats": True, "x_save_requirements": False}
    failure = {"failure": trial.failure} if trial.failure else {}
    run = wandb.init(
        mode="offline",
        dir=str(folder),
        project=study,
        id=f"{study}-{trial.number:05}",
        name=f"trial {trial.number}",
        group=f"setting {trial.setting}",
        tags=[trial.status.value],
        config={**trial.params, "trial": trial.number, "directions": ways},
        settings=wandb.Settings(**quiet, **unsaid),
    )
    begin_s = trial.began.timestamp() if trial.began else 0.0
    for epoch, elapsed_s, reported in trial.epochs():
        run.log({**reported, "epoch": epoch, "_timestamp": begin_s + elapsed_s, "_runtime": elapsed_s}, step=epoch)
    said = {"status": trial.status.value, **trial.attributes, **failure}
    if trial.began:
        said["began_at"] = trial.began.isoformat()
    run.summary.update({**said, **trial.numbers})
    run.finish(exit_code=1 if trial.status is Status.FAILED else 0)
