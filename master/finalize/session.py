"""One `finalize`: from a finished study to its winner's answer on the test part, or to the earlier answer."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.final import SUFFIX
from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
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
from hyperspool.master.run.loop import View
from hyperspool.master.studies.published import publish_study, published_study, read_published
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.views import waiting_for_workers


@dataclass(frozen=True)
class FinalizeOptions:
    """The options of `finalize`.

    Attributes:
        root: the shared folder.
        study: the name of a finished study in it.
        workers: how many to start on this machine.
        out: a folder for copies of the files; None: no copies.
    """

    root: Path
    study: str
    workers: int
    out: Path | None = None


def run_finalize(console: Terminal, options: FinalizeOptions) -> int:
    """Evaluate a study's winner on the test part, unless it has an answer; print the answer and write its files.

    Returns:
        The exit status: 0 if the test error was measured, 1 if the training diverged or was stopped.
    """
    folder = published_study(options.root, options.study)
    open_shared_folder(options.root)
    spec = read_published(folder)
    if spec.data and spec.data.final:
        raise UsageError(f"study {spec.name} is a final evaluation itself: finalize {spec.name.removesuffix(SUFFIX)}")
    answer = read_answer(folder)
    if answer is not None:
        console.say(
            f"the test part was read before, for study {answer.study} at {answer.evaluated_at}; the answer then:"
        )
        return _show(console, folder, answer, options)
    choice = choose(read_standing(folder, spec))
    wanted = final_spec(spec, choice.params)
    final = StudyFolder(options.root, wanted.name)
    if different := publish_study(final, wanted):
        raise UsageError(
            f"study {final.name} exists and differs from the final evaluation of {folder.name} "
            f"(in {', '.join(different)}): move it away, or rename it"
        )
    result = _evaluate(console, final, wanted, choice, options)
    if result is None:
        again = command_line("master", "finalize", options.study, *place_of(options.root))
        console.say(f"stopped; everything is kept. To go on: {again}")
        return 1
    if result.failure:
        raise SearchError(
            f"the final evaluation FAILED without an answer: {first_line(result.failure.message)} (more in "
            f"{final.result(0)}). Once the cause is fixed, remove {final.jobs} and {final.results}, and try again"
        )
    answer = answer_of(result, folder.name, choice.trial, choice.reason)
    # The files come first: a reader that finds the answer finds its files too.
    write_files(folder, final, wanted, result, answer)
    answer = give_answer(folder, answer)
    return _show(console, folder, answer, options)


def _show(console: Terminal, folder: StudyFolder, answer: Answer, options: FinalizeOptions) -> int:
    place = answer_path(folder).parent
    if options.out is not None:
        copy_files(place, options.out)
    console.say(f"trial {answer.trial}'s setting: {params_text(answer.params)}")
    console.say(answer_text(answer), "bold")
    if answer.model:
        console.say(f"model, params, curves and model card: {options.out or place}")
    else:
        console.say(f"the answer: {place}")
    return 0 if answer.test_error is not None else 1


def _evaluate(
    console: Terminal, final: StudyFolder, spec: StudySpec, choice: Choice, options: FinalizeOptions
) -> Finished | None:
    def begin(_standing: Standing) -> AbstractContextManager[View]:
        console.say(
            f"{choice.reason}\n"
            f"training trial {choice.trial}'s setting on training and validation data "
            f"for {counted(spec.epochs, 'epoch')}"
        )
        if remark := cycles_remark(spec):
            console.say(remark, "yellow")
        if not options.workers:
            console.say(waiting_for_workers(options.root))
        return nullcontext(_Silent())

    return complete_study(final, spec, Workers(options.workers), begin).results.get((0, 0))


class _Silent:
    """The view of a study with one trial, whose result is printed at the end."""

    def landed(self, standing: Standing, result: Finished) -> None:
        """Print nothing."""

    def tick(self, standing: Standing) -> None:
        """Print nothing."""
