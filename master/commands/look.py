"""The commands that show the state of studies: studies, status, top. Options and output only."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.master.commands.options import AsJson, Root, StudyName, published_names
from hyperspool.master.terminal.console import errors, output

if TYPE_CHECKING:
    from hyperspool.common.layout import StudyFolder
    from hyperspool.master.launch.cluster import Task
    from hyperspool.master.results.standing import Standing
    from hyperspool.master.results.state import StudyState

app = typer.Typer()


@app.command()
def studies(root: Root = Path(), as_json: AsJson = False) -> None:
    """List the studies of the folder, then the presets."""
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.studies.preset import load_preset, preset_names
    from hyperspool.master.terminal.pictures import studies_view
    from hyperspool.master.terminal.tables import titles_table

    need_folder(root)
    specs = [load_preset(name) for name in preset_names()]
    own = _look_at_all(root)
    if as_json:
        listed = [
            {"name": standing.spec.name, "title": standing.spec.title, "state": state.phase.value}
            for standing, state in own
        ]
        print(json.dumps([*listed, *({"name": spec.name, "title": spec.title} for spec in specs)], indent=2))
        return
    if own:
        output.say(f"in {root.absolute()}:", "bold")
        output.print(studies_view(own, root), "")
    output.print(titles_table("preset", {spec.name: spec.title for spec in specs}))


def _look_at_all(root: Path) -> list[tuple["Standing", "StudyState"]]:
    """Return the studies of a folder. One that cannot be read costs a message and hides no other."""
    from hyperspool.common.layout import study_folders

    found: list[tuple[Standing, StudyState]] = []
    for folder in study_folders(root):
        try:
            found.append(_look_at(folder))
        except (SearchError, OSError) as error:
            errors.say(str(error))
    return found


def _look_at(folder: "StudyFolder") -> tuple["Standing", "StudyState"]:
    from hyperspool.master.results.standing import open_standing
    from hyperspool.master.results.state import state_of

    standing = open_standing(folder)
    return standing, state_of(folder, standing)


@app.command()
def status(
    study: Annotated[
        str | None,
        typer.Argument(help="Show this study. Default: all studies of the folder.", autocompletion=published_names),
    ] = None,
    root: Root = Path(),
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every two seconds until all is finished.")] = False,
) -> None:
    """Show whether a study runs, its progress, its best setting, and what each worker does."""
    from hyperspool.common.layout import StudyFolder
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.launch.cluster import all_tasks, queues_text
    from hyperspool.master.launch.slurm import TaskReader
    from hyperspool.master.results.notes import notes_json, read_notes
    from hyperspool.master.results.progress import ProgressReader
    from hyperspool.master.results.state import Phase
    from hyperspool.master.studies.published import published_study
    from hyperspool.master.terminal.pictures import Picture, standing_view, studies_view, watch_picture

    need_folder(root)
    folder = published_study(root, study) if study else None
    reader = ProgressReader(folder) if folder else None
    tasks = TaskReader(folder) if folder else None

    def tasks_of(standing: "Standing") -> list["Task"] | None:
        return all_tasks(tasks.read(), standing.workers, standing.silent) if tasks else None

    def look() -> list[tuple["Standing", "StudyState"]]:
        return [_look_at(folder)] if folder else _look_at_all(root)

    if as_json and watch:
        raise UsageError("--json prints once: leave out --watch, and call it again as often as you like")
    if as_json:
        found = [
            standing.to_json()
            | state.to_json()
            | notes_json(read_notes(StudyFolder(root, standing.spec.name)))
            | ({} if (own := tasks_of(standing)) is None else {"tasks": [task.to_json() for task in own]})
            for standing, state in look()
        ]
        print(json.dumps(found[0] if study else found, indent=2))
        return

    def picture() -> tuple[Picture, bool]:
        found = look()
        is_fitted, progress = watch and output.is_terminal, reader.of if reader else None
        if folder:
            queue = queues_text(tasks_of(found[0][0]) or ()) or (tasks.problem if tasks else "")
            notes = read_notes(folder)
            shown: Picture = standing_view(*found[0], progress, notes, queue=queue, is_fitted=is_fitted)
        else:
            shown = studies_view(found, root)
        return shown, all(state.phase is Phase.FINISHED for _, state in found)

    if watch:
        watch_picture(picture)
    else:
        output.print(picture()[0])


@app.command()
def top(
    study: StudyName,
    root: Root = Path(),
    count: Annotated[int, typer.Option("-k", min=1, help="Print N settings.")] = 3,
    within_epochs: Annotated[
        int | None, typer.Option(min=1, help="Rank by what the curves reached in N epochs.")
    ] = None,
    within_seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Rank by what the curves reached in N seconds of training.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Rank within a budget by this metric.")] = None,
    trials: Annotated[bool, typer.Option("--trials", help="List single trials, not settings.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the best settings of a search, by value or within a budget.

    A setting that was evaluated several times counts with the mean. Once every replicate has its result, the confirmed
    finalists come first, ranked by their replicates' mean. Of several objectives, the trials on the front come first.
    Trials that break a constraint are left out.
    """
    from hyperspool.master.results.standing import open_standing
    from hyperspool.master.studies.published import published_study
    from hyperspool.master.terminal.tables import incumbent_text
    from hyperspool.master.terminal.trials_table import constant_text, settings_table, trials_table

    if within_epochs is not None or within_seconds is not None:
        budget = {"epochs": within_epochs, "seconds": within_seconds}
        _top_within(root, study, count, budget, metric, are_single=trials, as_json=as_json)
        return
    if metric is not None:
        raise UsageError("--metric: needs --within-epochs or --within-seconds; without them trials rank by their value")
    standing = open_standing(published_study(root, study))
    if as_json:
        found = standing.best_trials_to_json(count) if trials else standing.best_to_json(count)
        print(json.dumps(found, indent=2))
    elif best := standing.best(count):
        single = standing.best_trials(count)
        output.print(trials_table(standing, single) if trials else settings_table(standing, best))
        if constant := constant_text(standing.spec.space):
            output.tell(constant)
    else:
        output.print(incumbent_text(standing))


def _top_within(
    root: Path, study: str, count: int, budget: dict[str, Any], wanted: str | None, *, are_single: bool, as_json: bool
) -> None:
    from hyperspool.master.analysis.answers.budgets import best_within
    from hyperspool.master.analysis.data.columns import params_of
    from hyperspool.master.analysis.data.frames import load_study
    from hyperspool.master.analysis.data.phases import keeping, of_search
    from hyperspool.master.analysis.measures.epoch_metric import epoch_metric, metric_label
    from hyperspool.master.results.wording import measured_text, params_text
    from hyperspool.master.terminal.tables import text_table
    from hyperspool.master.terminal.trials_table import constant_params, constant_text

    data = keeping(of_search(load_study(root, study)))
    if data.curves.empty:
        print("[]") if as_json else output.print(
            f"no trial of {study} has reported an epoch; without a budget, top ranks by the value"
        )
        return
    metric = epoch_metric(data, wanted)
    ranked = best_within(data, metric, count, are_single=are_single, **budget)
    best = [(row, params_of(data.spec, row)) for _, row in ranked.iterrows()]
    if as_json:
        found = [
            {"trial": int(row["trial"]), "value": float(row["value"]), "params": params}
            | {"metric": metric.name, "epoch": int(row["epoch"]), "elapsed_s": float(row["elapsed_s"])}
            for row, params in best
        ]
        print(json.dumps(found, indent=2))
    elif best:
        constant = constant_params(data.spec.space)
        rows: list[tuple[str, ...]] = []
        for row, params in best:
            own = {name: value for name, value in params.items() if name not in constant}
            numbers = (str(int(row["trial"])), measured_text(row["value"]), str(int(row["epoch"])))
            rows.append((*numbers, f"{row['elapsed_s']:.2f}", params_text(own)))
        output.print(text_table(("trial", metric.best, "in epoch", "after (s)", "params"), rows, names={4}))
        if same := constant_text(data.spec.space):
            output.tell(same)
    else:
        output.print(f"no trial has reported a {metric_label(metric.name)} within that budget")
