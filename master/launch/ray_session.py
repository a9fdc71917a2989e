"""One `launch --ray`: from the command line to a finished study."""

from hyperspool.common.invocation import command_line, own_process, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.master.launch.options import LaunchOptions
from hyperspool.master.launch.ray_workers import RayWorkers, need_ray
from hyperspool.master.launch.session import Say, carried, launched_study
from hyperspool.master.results.standing import open_standing
from hyperspool.master.results.wording import counted
from hyperspool.master.studies.published import publish_study


def ray_session(options: LaunchOptions, share: float, address: str | None, say: Say) -> None:
    """Publish the study if it is not, and keep its workers on Ray until it is finished.

    Args:
        options: of the command line.
        share: of a GPU for each worker.
        address: of the cluster; None: RAY_ADDRESS, or the one on this machine.
        say: called with what is done.

    Raises:
        UsageError: the study or the options do not allow it, or Ray is not installed.
        SearchError: there is no such cluster, or workers end as soon as they begin.
    """
    need_ray()
    open_shared_folder(options.root)
    spec = launched_study(options)
    folder = StudyFolder(options.root.absolute(), spec.name)
    publish_study(folder, spec)
    if open_standing(folder).is_finished:
        say(f"study {spec.name} is finished: there is no work to launch workers for")
        return
    command = [*own_process("worker"), "--root", str(folder.root), "--study", spec.name]
    command += [*options.of_a_worker, *options.own.arguments]
    with RayWorkers(folder, options.workers, share, address, command, carried()) as workers:
        held = counted(options.workers, "worker")
        say(f"{held} on Ray until the study is finished; Ctrl-C ends them, and they save first")
        say(f"the master, here or anywhere: {command_line('master', 'run', options.study, *place_of(options.root))}")
        workers.keep_up()
