"""The report of a study: one page, with its figures and tables also as files."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.answers.catalogue import answers
from hyperspool.master.analysis.data.columns import (
    ON_FRONT,
    metrics_column,
    metrics_columns,
    values_column,
)
from hyperspool.master.analysis.data.frames import StudyData, study_data
from hyperspool.master.analysis.data.missing import Missing, made_or_missing
from hyperspool.master.analysis.data.sample import sample, sample_sentence
from hyperspool.master.analysis.figures.catalogue import sections
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.files import draw_figure, save_figure
from hyperspool.master.analysis.figures.svg import HEADER
from hyperspool.master.analysis.measures.settings import fixed_text, label_of, searched_parameters, settings_table
from hyperspool.master.analysis.page.facts import facts
from hyperspool.master.analysis.page.headings import headings
from hyperspool.master.analysis.page.origin import made_sentences
from hyperspool.master.analysis.page.output import shown_outputs
from hyperspool.master.analysis.page.render import (
    Page,
    Section,
    ShownAnswer,
    ShownFigure,
    ShownOutput,
    ShownTable,
    render,
    shown_table,
)
from hyperspool.master.analysis.page.side_by_side import side_by_side
from hyperspool.master.analysis.page.tables import table_files
from hyperspool.master.analysis.page.trials import shown_trials
from hyperspool.master.results.notes import note_text, read_notes
from hyperspool.master.results.reading import read_recorded
from hyperspool.master.results.software import difference_sentences
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.results.wording import (
    broken_counts_text,
    counted,
    earlier_text,
    first_line,
    stopped_text,
)
from hyperspool.master.studies.published import published_study, read_published

PAGE = "report.html"
BEST_SETTINGS_SHOWN = 10
METRICS_SHOWN = 8
"""Most metrics in the table of the best trials. The CSV file has all metrics."""
REASONS_SHOWN = 5


@dataclass(frozen=True)
class Written:
    """The page of a report that was written, how many figures and tables it has, and what it lacks."""

    page: Path
    figures: int
    tables: int
    missing: tuple[Missing, ...] = ()


class Parts(NamedTuple):
    """What a page shows beside the trials themselves.

    Attributes:
        sections: the figures, drawn.
        answers: the answers.
        results: how many results these are of.
        missing: the figures and answers that could not be made.
    """

    sections: list[Section]
    answers: list[Answer]
    results: int
    missing: tuple[Missing, ...] = ()


def write_report(folder: StudyFolder, out: Path) -> Written:
    """Write `report.html`, `figures/` and `tables/` into `out`. Files of an earlier report are replaced.

    Args:
        folder: the folder of a published study, which may be running.
        out: the folder to write to; it is created if it does not exist.

    Raises:
        UsageError: there is no such study.
        OSError: `out` cannot be written.
    """
    standing, data = _read(folder)
    atomic.make_folder(out / "tables")
    parts = draw_parts(data, out / "figures")
    tables = table_files(data, parts.answers)
    for name, content in tables.items():
        _write(out / "tables" / name, content)
    page = write_page(folder, data, standing, parts, out)
    figures = sum(len(section.figures) for section in parts.sections)
    return Written(page, figures, len({Path(name).stem for name in tables}), parts.missing)


def _read(folder: StudyFolder) -> tuple[Standing, StudyData]:
    spec = read_published(published_study(folder.root, folder.name))
    read, journal = read_recorded(folder, spec, is_kept=True)
    standing = read_standing(folder, spec, read, journal)
    return standing, study_data(folder, spec, sample(read, standing), journal=standing.journal)


def draw_parts(data: StudyData, folder: Path | None) -> Parts:
    """Draw the figures of a study, and find its answers.

    Args:
        data: the study.
        folder: where each figure is written as PNG and SVG; None: nowhere, which takes two thirds of the time.
    """
    missing: list[Missing] = []
    listed = sections(data, missing)
    figures = [figure for _, each in listed for figure in each]
    made = iter(side_by_side(lambda place: _shown(figures[place], folder), len(figures)))
    drawn = [Section(title, _noted(islice(made, len(each)), missing)) for title, each in listed]
    shown = [section for section in drawn if section.figures]
    return Parts(shown, answers(data, missing), data.result_count, tuple(missing))


def write_page(
    folder: StudyFolder, data: StudyData, standing: Standing, parts: Parts, out: Path, live_s: float = 0.0
) -> Path:
    """Write the page alone, of all trials and of figures and answers that may be of fewer.

    Args:
        folder: of the study.
        data: the study.
        standing: of the same results.
        parts: figures and answers.
        out: the folder to write to, which exists.
        live_s: after how many seconds the page reloads by itself; 0: never.
    """
    content = _page(data, standing, parts.sections, parts.answers, shown_outputs(folder, standing))
    lacks = tuple(f"{each}." for each in parts.missing)
    earlier = () if parts.results == data.result_count else (_earlier_note(parts),)
    every, remarks = shown_trials(folder, data, standing, out), tuple(map(note_text, read_notes(folder)))
    page = out / PAGE
    notes = (*filter(None, [sample_sentence(len(data.trials), data.left_out)]), *lacks, *earlier, *content.notes)
    _write(page, render(replace(content, trials=every, notes=notes, remarks=remarks, live_s=live_s)).encode())
    return page


def _earlier_note(parts: Parts) -> str:
    return f"Figures and answers are those of the first {counted(parts.results, 'result')}; they follow by and by."


def _shown(figure: NamedFigure, folder: Path | None) -> tuple[ShownFigure | None, list[Missing]]:
    missing: list[Missing] = []
    return made_or_missing(f"The figure {figure.title!r}", partial(_drawn, figure, folder), missing), missing


def _noted(made: Iterable[tuple[ShownFigure | None, list[Missing]]], missing: list[Missing]) -> tuple[ShownFigure, ...]:
    drawn: list[ShownFigure] = []
    for figure, lacks in made:
        missing += lacks
        drawn += [figure] if figure is not None else []
    return tuple(drawn)


def _drawn(figure: NamedFigure, folder: Path | None) -> ShownFigure:
    drawn = save_figure(figure, folder) if folder else draw_figure(figure)
    # What comes from people is text in this drawing, which its writers have escaped.
    svg = Markup(drawn.svg.decode().removeprefix(HEADER))  # noqa: S704 - as above
    return ShownFigure(figure.name, figure.title, figure.caption, svg, drawn.width, drawn.height, bool(folder))


def _page(
    data: StudyData, standing: Standing, shown: list[Section], found: list[Answer], outputs: tuple[ShownOutput, ...]
) -> Page:
    labels = headings(data)
    if len(data.trials) == data.trials["setting"].nunique():
        labels["median"] = labels["value"]
    return Page(
        name=data.spec.name,
        title=data.spec.title,
        facts=tuple(facts(data, standing)),
        notes=tuple(_notes(data, standing)),
        best=_best(data, standing, labels),
        best_of="settings" if standing.spec.replicates > 1 else "trials",
        fixed=_fixed(data),
        answers=tuple(
            ShownAnswer(
                answer.question, answer.sentences, None if answer.table is None else shown_table(answer.table, labels)
            )
            for answer in found
        ),
        sections=tuple(shown),
        settings=shown_table(_settings(data), labels) if len(data.trials) else None,
        trials=None,
        outputs=outputs,
        made=tuple(made_sentences(data, standing)),
        study_json=data.spec.to_json().decode(),
    )


def _notes(data: StudyData, standing: Standing) -> Iterator[str]:
    counts = {status.value: count for status, count in standing.counts.items()}
    if not len(data.trials):
        yield "No trial has a result yet, so there is nothing to show. Run the same command again later."
    elif stopped := stopped_text(standing.stopped):
        yield f"{stopped[0].upper()}{stopped[1:]}."
    elif len(data.trials) + data.left_out < data.spec.all_trials:
        rest = f"{counts['RUNNING']} running, {counts['PENDING']} waiting"
        yield f"The study is not finished: {rest}. This page shows the trials that have a result."
    if earlier := earlier_text(standing.earlier):
        yield f"The search {earlier}."
    failed = data.trials[data.trials["status"] == "FAILED"]
    if len(failed):
        sentence = f"{counted(len(failed), 'trial')} FAILED and {'has' if len(failed) == 1 else 'have'} no value"
        yield f"{sentence}; figures and answers leave {'it' if len(failed) == 1 else 'them'} out."
        reasons = Counter(first_line(str(message)) for message in failed["failure_message"])
        for reason, count in reasons.most_common(REASONS_SHOWN):
            yield f"{counted(count, 'time')}: {reason}"
    for sentence in difference_sentences(standing.software):
        yield f"{sentence[0].upper()}{sentence[1:]}."
    if broken := broken_counts_text(standing.broken):
        yield f"{broken}; such a trial is neither the best nor on the front."
    diverged = int(data.trials["diverged"].sum())
    if diverged:
        yield (
            f"{counted(diverged, 'trial')} diverged: a loss was no longer finite. "
            "A diverged trial's value is the error of guessing, and its curve ends there."
        )
    yield from data.unreadable


def _best(data: StudyData, standing: Standing, labels: dict[str, str]) -> ShownTable | None:
    known = set(data.trials["trial"])
    settings = {each.trial: each for each in standing.best(BEST_SETTINGS_SHOWN) if each.trial in known}
    if not settings:
        return None
    rows = data.trials.set_index("trial", drop=False).loc[list(settings)]
    costs = ["best_epoch", "training_s"] if rows["epochs"].any() else ["evaluation_s"]
    goals = [goal.measure for goal in data.spec.objectives or ()]
    shown = [values_column(name) for name in goals] + [ON_FRONT] if goals else ["value"]
    own = [name for name in metrics_columns(rows) if name not in map(metrics_column, goals)]
    metrics = [name for name in own if rows[name].notna().any()][:METRICS_SHOWN]
    rows["value"] = [each.value for each in settings.values()]
    counts = [each.replicates_text for each in settings.values()]
    rows["replicates"] = list(map(int, counts)) if all(map(str.isdigit, counts)) else counts
    if any(each.has_replicates for each in settings.values()):
        shown, metrics, costs = ["value", "replicates"], [], []  # those of one replicate would stand for all
        labels = labels | {"value": f"mean {labels['value']}"}
    rows["mean"] = [each.confirmed.mean if each.confirmed else None for each in settings.values()]
    again = ["mean"] if rows["mean"].notna().any() else []
    columns = ["trial", *shown, *again, *_varied(data), *metrics, *costs]
    return shown_table(rows[columns], labels | {"mean": "confirmed mean"})


def _varied(data: StudyData) -> list[str]:
    return [axis.column for axis in searched_parameters(data.spec)]


def _fixed(data: StudyData) -> str:
    varied = {axis.name for axis in searched_parameters(data.spec)}
    fixed = [(name, parameter) for name, parameter in data.spec.space.items() if name not in varied]
    texts = [
        f"{label_of(data.spec, name)} {fixed_text(parameter)}{' (where it is active)' if parameter.when else ''}"
        for name, parameter in fixed
    ]
    return f"The same in all trials: {', '.join(texts)}." if texts else ""


def _settings(data: StudyData) -> pd.DataFrame:
    """The settings as the page shows them, without columns that are constant or that repeat another column."""
    table = settings_table(data)
    shown = [*_varied(data), "median"]
    if len(data.trials) > len(table):
        table["trials"] = table["n_complete"] + table["n_pruned"] + table["n_failed"]
        shown = [*_varied(data), "mean", "median", "min", "max", "trials"]
    shown += [name for name in ("n_diverged", "n_failed", "n_pruned") if table[name].any()]
    shown += ["epoch_s"] if table["epoch_s"].notna().any() else []
    return table[shown].sort_values("median", ascending=data.spec.objective.direction == "minimise")


def _write(path: Path, content: bytes) -> None:
    atomic.replace(path, content, durable=False)
