"""A table of trials that fits a terminal of any width."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hyperspool.common.outcome import Finished
from hyperspool.common.records import scalar_text
from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.settings import RankedSetting
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import (
    broken_text,
    duration_text,
    first_line,
    measured_text,
    outcome_texts,
    params_text,
)

GAP = 2
"""Blanks between two columns."""
REASONS_SHOWN = 3
UNBOUNDED = 100_000
"""A width in characters that no table reaches."""


@dataclass(frozen=True)
class TrialsTable:
    """A table with one row per trial or setting, and one column per parameter that can differ between them.

    If it is too wide, headings are broken at their words and columns move together; if it is still too wide, the params
    go below their trial. No heading and no value is cut. Below the table stands why trials FAILED.

    Attributes:
        results: in the order of the rows.
        spec: the study of the trials.
        settings: those that the trials stand for, in the same order; empty: the trials stand for themselves alone.
        front: the trials on the front, which are marked; empty: there is no such column.
    """

    results: Sequence[Finished]
    spec: StudySpec
    settings: Sequence[RankedSetting] = ()
    front: Collection[int] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the first form that fits the console."""
        unbounded = options.update(max_width=UNBOUNDED)
        for is_broken, gap in ((False, GAP), (True, GAP), (True, 1)):
            table = self.in_columns(is_broken=is_broken, gap=gap)
            if Measurement.get(console, unbounded, table).maximum <= options.max_width:
                yield table
                break
        else:
            yield self.in_lines()
        yield from self._failures()

    def _failures(self) -> Iterator[Text]:
        """A line for each reason for which one of the trials failed, cut at the window's edge; not too many."""
        reasons: dict[str, int] = {}
        for result in self.results:
            if result.failure:
                reasons.setdefault(first_line(result.failure.message), result.trial)
        for reason, trial in list(reasons.items())[:REASONS_SHOWN]:
            yield Text(f"trial {trial} FAILED: {reason}", style="red", no_wrap=True, overflow="ellipsis")

    def in_columns(self, *, is_broken: bool, gap: int = GAP) -> Table:
        """Return the form with one column per parameter.

        Args:
            is_broken: put each word of a heading on a line of its own.
            gap: blanks between two columns.
        """
        constant = constant_params(self.spec.space)
        found = dict.fromkeys(name for result in self.results for name in result.params)
        names = [name for name in found if name not in constant]
        table = _new_table([*self._headings(), *names, "time"], is_broken=is_broken, gap=gap)
        for result in self.results:
            own = result.params
            cells = [first_line(scalar_text(own[name])) if name in own else "" for name in names]
            _add(table, result, [*self._outcome(result), *cells, duration_text(result.seconds)])
        return table

    def in_lines(self) -> Group:
        """Return the form without columns: each trial's outcome on one line, its params on the lines below."""
        constant = constant_params(self.spec.space)
        parts: list[RenderableType] = []
        for result in self.results:
            outcome = zip(self._headings(), self._outcome(result), strict=True)
            line = "  ".join([*(f"{name} {text}" for name, text in outcome if text), duration_text(result.seconds)])
            own = {name: value for name, value in result.params.items() if name not in constant}
            parts += [Text(line, style=_style(result)), Padding(Text(params_text(own)), (0, 0, 0, 2), expand=False)]
        return Group(*parts)

    def _headings(self) -> list[str]:
        measures = [goal.measure for goal in self.spec.objectives or ()] or [self.spec.objective.measure_name]
        if self._has_replicates:
            measures = [f"mean {measures[0]}", "deviation", "replicates"]
        return ["trial", *measures, *(name for name, is_shown in self._further.items() if is_shown)]

    @property
    def _has_replicates(self) -> bool:
        return any(each.has_replicates for each in self.settings)

    @property
    def _further(self) -> dict[str, bool]:
        """The columns behind what was measured, and whether they are shown."""
        return {
            "rung": len({result.rung for result in self.results}) > 1,
            "from": any(result.starts_from is not None for result in self.results),
            "confirmed mean": any(each.confirmed for each in self.settings),
            "on front": bool(self.front),
            "breaks": any(broken_text(result, self.spec) for result in self.results),
        }

    def _outcome(self, result: Finished) -> list[str]:
        setting = next((each for each in self.settings if each.trial == result.trial), None)
        confirmed = setting.confirmed if setting else None
        further = {
            "rung": str(result.rung),
            "from": "" if result.starts_from is None else str(result.starts_from),
            "confirmed mean": measured_text(confirmed.mean) if confirmed else "",
            "on front": "yes" if result.trial in self.front else "",
            "breaks": broken_text(result, self.spec),
        }
        measured = list(outcome_texts(result, self.spec).values())
        if setting and self._has_replicates:
            measured = [measured_text(setting.value), measured_text(setting.deviation), setting.replicates_text]
        shown = [further[name] for name, is_shown in self._further.items() if is_shown]
        return [str(result.trial), *measured, *shown]


def settings_table(standing: Standing, settings: Sequence[RankedSetting]) -> TrialsTable:
    """Return the table of some settings of a study, each by the trial that stands for it."""
    return TrialsTable([standing.result_of(each) for each in settings], standing.spec, settings, _front(standing))


def trials_table(standing: Standing, results: Sequence[Finished]) -> TrialsTable:
    """Return the table of some trials of a study, each with its own value."""
    return TrialsTable(results, standing.spec, front=_front(standing))


def _front(standing: Standing) -> list[int]:
    return [seen.trial for seen in standing.front.evaluations] if standing.front else []


def constant_params(space: Space) -> Params:
    """Return the params that have the same value in every trial."""
    found: Params = {}
    for name, parameter in space.items():
        match parameter:
            case Fixed(value=value) if not parameter.when:
                found[name] = value
            case Categorical(choices=(value,)) if not parameter.when:
                found[name] = value
            case Float() | Int() if parameter.low == parameter.high and not parameter.when:
                found[name] = parameter.low
    return found


def constant_text(space: Space) -> Text | None:
    """Return a line with the params that all trials share; None if no param is shared."""
    constant = constant_params(space)
    return Text(f"the same in all trials: {params_text(constant)}", style="dim") if constant else None


def _new_table(headings: Sequence[str], *, is_broken: bool, gap: int) -> Table:
    table = Table(box=None, padding=(0, gap, 0, 0))
    for heading in headings:
        label = heading.replace(" ", "\n").replace("_", "_\n") if is_broken else heading
        table.add_column(label, justify="right", no_wrap=not is_broken)
    return table


def _add(table: Table, result: Finished, cells: Sequence[str]) -> None:
    # As Text, so that rich does not read a value in brackets as markup.
    table.add_row(*map(Text, cells), style=_style(result))


def _style(result: Finished) -> str:
    return "red" if result.failure else "yellow" if result.diverged else ""
