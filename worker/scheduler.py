"""Where a scheduler runs this process, in its own words, so that people find a worker in `squeue` or `kubectl`."""

from collections.abc import Mapping

JOBS = {
    "SLURM_JOB_ID": "slurm",
    "PBS_JOBID": "pbs",
    "LSB_JOBID": "lsf",
    "AWS_BATCH_JOB_ID": "aws-batch",
    "JOB_ID": "sge",
    "HYPERSPOOL_RAY_ACTOR": "ray",
}
"""The variable in which a scheduler names the job, and what the scheduler is called here."""
MAX_CHARACTERS = 100


def scheduler_job(environment: Mapping[str, str]) -> str | None:
    """Return the job that this process belongs to, such as `slurm:1234_5`; None if it knows of none.

    Args:
        environment: of this process.
    """
    if array := environment.get("SLURM_ARRAY_JOB_ID"):
        return _named("slurm", f"{array}_{environment.get('SLURM_ARRAY_TASK_ID', '')}", environment)
    for variable, scheduler in JOBS.items():
        if job := environment.get(variable):
            return _named(scheduler, job, environment)
    if "KUBERNETES_SERVICE_HOST" in environment and (pod := environment.get("HOSTNAME")):
        return _named("k8s", pod, environment)
    return None


def _named(scheduler: str, job: str, environment: Mapping[str, str]) -> str:
    restarts = environment.get("SLURM_RESTART_COUNT", "0")
    again = "" if restarts == "0" or scheduler != "slurm" else f" restart {restarts}"
    return f"{scheduler}:{job}{again}"[:MAX_CHARACTERS]
