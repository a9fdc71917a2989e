from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch import slurm as real
from hyperspool.master.launch.cluster import ClusterError, Task, TaskState, launch_folder
from tests.master.launch.conftest import FakeSlurm, row

QUEUE = (
    row(12, "0", "R", node="n1")
    + row(12, "1", "PD", reason="ReqNodeNotAvail, UnavailableNodes:n[1-2]")
    + row(12, "2", "PD", restarts=3, reason="BeginTime")
    + row(12, "3", "CG", node="n2")
    + row(12, "4", "F", node="n2", reason="NonZeroExitCode")
    + row(12, "5", "CD")
    + row(13, "N/A", "R", node="n2")
)


def test_a_queue_is_read_task_by_task(slurm: FakeSlurm) -> None:
    slurm.answers("squeue", QUEUE)
    assert real.queued("jobs") == [
        Task("slurm:12_0", TaskState.RUNNING, "", "n1"),
        Task("slurm:12_1", TaskState.PENDING, "ReqNodeNotAvail, UnavailableNodes:n[1-2]"),
        Task("slurm:12_2", TaskState.REQUEUED, "BeginTime", "", 3),
        Task("slurm:12_3", TaskState.RUNNING, "", "n2"),
        Task("slurm:12_4", TaskState.FAILED, "NonZeroExitCode", "n2"),
        Task("slurm:13", TaskState.RUNNING, "", "n2"),
    ]
    assert "--name jobs" in slurm.calls("squeue")[0]


@pytest.mark.parametrize("line", ["", "slurm_load_jobs error: timeout", "\0\0", "9" * 400, row(1, "0", "??")])
def test_what_is_no_task_is_passed_over(line: str) -> None:
    assert real.task_of(line) is None


def test_a_script_is_submitted_without_our_own_job(slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch) -> None:
    slurm.answers("sbatch", "4711;cluster\n")
    monkeypatch.setenv("SLURM_JOB_END_TIME", "17")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm.conf")
    assert real.submit("#!/bin/bash\n") == "4711"
    assert slurm.given("sbatch") == "#!/bin/bash\n"
    assert "SLURM_JOB_END_TIME" not in slurm.given("sbatch", "env")
    assert "SLURM_CONF=/etc/slurm.conf" in slurm.given("sbatch", "env")


def test_a_refusal_has_slurms_words(slurm: FakeSlurm) -> None:
    slurm.answers("sbatch", "", "sbatch: error: QOSMaxSubmitJobPerUserLimit\n", status=1)
    with pytest.raises(ClusterError, match=r"^sbatch refuses: QOSMaxSubmitJobPerUserLimit$"):
        real.submit("")
    slurm.answers("sbatch", "", "sbatch: error: invalid partition specified: x\n", status=1)
    slurm.answers("sinfo", "spot\nmain\n")
    with pytest.raises(UsageError, match="the partitions here are main, spot"):
        real.submit("")
    slurm.answers("sbatch", "Submitted batch job 7\n")
    with pytest.raises(ClusterError, match="expected the number of a job"):
        real.submit("")


def test_studies_of_other_folders_have_other_jobs(folder: StudyFolder, tmp_path: Path) -> None:
    other = StudyFolder(tmp_path / "other", folder.name)
    names = {real.job_name(folder), real.job_name(folder, real.MASTER), real.job_name(other)}
    assert len(names) == 3
    assert all(name.startswith("hyperspool-demo-") for name in names)


def test_reader_asks_seldom_and_only_after_a_launch(slurm: FakeSlurm, folder: StudyFolder) -> None:
    assert real.TaskReader(folder).read() is None
    launch_folder(folder).mkdir()
    now_s = [0.0]
    reader = real.TaskReader(folder, clock=lambda: now_s[0])
    slurm.answers("squeue", row(1, "0", "R"))
    assert [task.job for task in reader.read() or ()] == ["slurm:1_0", "slurm:1_0"]  # of the workers, of the master
    now_s[0] = real.AGAIN_S / 2
    reader.read()
    assert len(slurm.calls("squeue")) == 2
    now_s[0] = real.AGAIN_S
    slurm.answers("squeue", "", "slurm_load_jobs error: down\n", status=1)
    assert reader.read() is None


def test_only_hosts_of_the_cluster_count(slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "login.lab")
    slurm.answers("sinfo", "login\nlogin\n")
    assert real.has_only_this_host()
    slurm.answers("sinfo", "login\nn1\n")
    assert not real.has_only_this_host()
