"""Confirms the best settings of a finished search, in a second study that takes over the results of the first.

A published study never changes, so the second study has another name, `NAME-confirm-KxR`. It is the same study with
`confirm` added: its seed proposes the same trials with the same seeds, so the results of the search are its results
too. They are copied unchanged except for the study's name, and only the replicates are left to evaluate.

A crash midway leaves a published study with some of the results. The next run, by the same command or by the study's
name, copies or evaluates the rest. Both give what a run with `--confirm` from the start would have given.
"""

import re
from dataclasses import dataclass
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.errors import ProtocolError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import read_standing
from hyperspool.master.results.wording import counted
from hyperspool.master.studies.published import differences, read_published

_NAME = re.compile(r"-confirm-\d+x\d+$")


@dataclass(frozen=True)
class FollowUp:
    """A study that confirms another one's best settings.

    Attributes:
        source: the folder of the study that was searched.
        searched: the study that was searched, as published.
        spec: the study that confirms.
    """

    source: StudyFolder
    searched: StudySpec
    spec: StudySpec

    def take_over(self, folder: StudyFolder) -> int:
        """Copy the search's results and curves that `folder` lacks; return the number of results copied.

        The caller must be the only master of `folder`, where the study is published.
        """
        standing = read_standing(self.source, self.searched)
        searched = {seen.proposal.key for seen in standing.evaluations() if seen.stage.is_search}
        copied = 0
        for key in sorted(searched - set(folder.all_finished())):
            atomic.make_folder(folder.trial_folder(key[0]))
            try:
                result = read_record(self.source.result(*key), Result).model_copy(update={"study": self.spec.name})
                curve = read_curve(self.source.curve(*key)) if result.epochs else None
            except (FileNotFoundError, ProtocolError):
                continue  # a result without its curve is incomplete: the trial is evaluated again
            if curve is not None:
                atomic.write_once(folder.curve(*key), to_text(curve).encode())
            # The curve comes first: a reader that finds the result expects its curve.
            copied += atomic.write_once(folder.result(*key), result.to_json())
        return copied


def follow_up_of(folder: StudyFolder, wanted: StudySpec) -> FollowUp | None:
    """Return the study that confirms a published one; None if the command line does not ask for that.

    Args:
        folder: the folder of the study that the command line names.
        wanted: that study with the command line's changes.

    Raises:
        UsageError: the search is not finished.
        ProtocolError: the published study cannot be read.
    """
    if wanted.confirm is None or wanted.ablation is not None or not folder.spec.exists():
        return None
    published = read_published(folder)
    if not _asks_to_confirm(differences(published, wanted)):
        return None
    done = sum(seen.stage.is_search for seen in read_standing(folder, published).evaluations())
    if done < published.trials:
        raise UsageError(
            f"study {folder.name} was published without this --confirm, and its search has {done} of "
            f"{counted(published.trials, 'result')}: finish it without --confirm, then the same command evaluates its "
            "best settings again; or add --new, which starts another search"
        )
    again = wanted.confirm
    name = f"{_NAME.sub('', folder.name)}-confirm-{again.finalists}x{again.replicates}"
    return FollowUp(folder, published, wanted.model_copy(update={"name": name}))


def _asks_to_confirm(different: dict[str, Any]) -> bool:
    return bool(different) and all(key.partition(".")[0] == "confirm" for key in different)
