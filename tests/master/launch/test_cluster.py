from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.master.launch.cluster import Task, TaskState, all_tasks, queues_text


def beat(name: str, job: str | None) -> WorkerRecord:
    return WorkerRecord(worker=name, host="n1", pid=1, device="cpu", job=job, state="idle", beat=1, at="")


def test_each_engine_has_its_own_line() -> None:
    workers = [
        beat("a", "ray:demo-1"),
        beat("b", "ray:demo-2"),
        beat("c", "ray:demo-1"),
        beat("d", "k8s:pod"),
        beat("e", None),
    ]
    on_ray = all_tasks(None, workers, silent={"b", "c", "d", "e"})
    assert on_ray == [Task("ray:demo-1", TaskState.RUNNING, node="n1"), Task("ray:demo-2", TaskState.GONE)]
    queued = [Task("slurm:7_0", TaskState.PENDING, "Priority")]
    found = all_tasks(queued, [*workers, beat("f", "slurm:6_1 restart 2")], silent={"b", "c", "f"})
    assert queues_text(found or ()) == "Slurm: 1 pending (Priority), 1 gone; Ray: 1 running, 1 gone"


def test_without_an_engine_there_are_no_tasks() -> None:
    workers = [beat("d", "k8s:pod"), beat("f", "slurm:6_1")]
    assert all_tasks(None, workers, silent={"f"}) is None  # here Slurm cannot be asked, so nothing is known
    assert all_tasks([], workers, silent=set()) == []
    assert queues_text([]) == ""
