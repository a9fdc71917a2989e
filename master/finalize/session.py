"""One `finalize`: from a finished study to the answer of its test part, or to the answer that was given already."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.final import SUFFIX
from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Result
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.finalize.answer import Answer, answer_of, answer_path, give_answer, read_answer
from hyperspool.master.finalize.card import answer_text
from hyperspool.master.finalize.choice import Choice, choose, final_spec
from hyperspool.master.finalize.cycles import cycles_remark
from hyperspool.master.finalize.files import copy_files, write_files
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.results.wording import counted, first_line, params_text
from hyperspool.master.run.completion import Workers, complete_study
from hyperspool.master.run.loop import View, publish_study
from hyperspool.master.studies.published import published_study, read_published
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.views import waiting_for_workers


@dataclass(frozen=True)
class FinalizeOptions:
    """What the command line says.

    Attributes:
        root: the shared folder.
        study: a finished study there.
        workers: how many to start on this machine.
        out: a folder for copies of the files; None: none.
    """

    root: Path
    study: str
    workers: int
    out: Path | None = None


def run_finalize(console: Terminal, options: FinalizeOptions) -> int:
    """Evaluate a study's winner on the test part, unless that was done; print the answer and write its files.

    Returns:
        The exit status: 0 if there is an answer, else 1.
    """
    folder = published_study(options.root, options.study)
    open_shared_folder(options.root)
    spec = read_published(folder)
    if spec.data and spec.data.final:
        raise UsageError(f"study {spec.name} is a final evaluation itself: finalize {spec.name.removesuffix(SUFFIX)}")
    answer = read_answer(folder)
    if answer is not None:
        told = f"the test part has been read already, for study {answer.study} at {answer.evaluated_at}; the answer was"
        console.say(told)
        return _show(console, folder, answer, options)
    choice = choose(read_standing(folder, spec))
    wanted = final_spec(spec, choice.params)
    final = StudyFolder(options.root, wanted.name)
    if different := publish_study(final, wanted):
        raise UsageError(
            f"there is a study {final.name} already that is not the final evaluation of {folder.name} as it would be "
            f"now (different: {', '.join(different)}): move it away, or rename it"
        )
    result = _evaluate(console, final, wanted, choice, options)
    if result is None:
        again = command_line("master", "finalize", options.study, *place_of(options.root))
        console.say(f"stopped; everything is kept. To go on: {again}")
        return 1
    if result.failure:
        raise SearchError(
            f"the final evaluation FAILED, and gave no answer: {first_line(result.failure.message)} (more in "
            f"{final.result(0)}). Once the cause is mended, remove {final.jobs} and {final.results}, and try again"
        )
    answer = answer_of(result, folder.name, choice.trial, choice.reason)
    # The files first: whoever finds the answer finds them too.
    write_files(folder, final, wanted, result, answer)
    answer = give_answer(folder, answer)
    return _show(console, folder, answer, options)


def _show(console: Terminal, folder: StudyFolder, answer: Answer, options: FinalizeOptions) -> int:
    place = answer_path(folder).parent
    if options.out is not None:
        copy_files(place, options.out)
    console.say(f"trial {answer.trial}'s setting: {params_text(answer.params)}")
    console.say(answer_text(answer), "bold")
    told = f"model, params, curves and model card: {options.out or place}"
    console.say(told if answer.model else f"the answer: {place}")
    return 0 if answer.test_error is not None else 1


def _evaluate(
    console: Terminal, final: StudyFolder, spec: StudySpec, choice: Choice, options: FinalizeOptions
) -> Result | None:
    def begin(_standing: Standing) -> AbstractContextManager[View]:
        what = f"training trial {choice.trial}'s setting on training and validation data"
        console.say(f"{choice.reason}\n{what} for {counted(spec.budget.epochs, 'epoch')}")
        if remark := cycles_remark(spec):
            console.say(remark, "yellow")
        if not options.workers:
            console.say(waiting_for_workers(options.root))
        return nullcontext(_Silent())

    return complete_study(final, spec, Workers(options.workers), begin).results.get((0, 0))


class _Silent:
    """The view of a study with one trial: its result is printed when it is there."""

    def landed(self, standing: Standing, result: Result) -> None:
        """Say nothing."""

    def tick(self, standing: Standing) -> None:
        """Say nothing."""
