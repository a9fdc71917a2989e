"""Captions: the sentences that several figures share, and how a caption is put together."""

from hyperspool.common.records import Status
from hyperspool.master.analysis.data.columns import KEEPS
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.settings import searched_parameters
from hyperspool.master.results.wording import counted


def caption(*sentences: str | bool) -> str:
    """A caption of the sentences that apply: `applies and "sentence"` is left out if it is False or empty."""
    return " ".join(str(sentence) for sentence in sentences if sentence)


def drawn_sentence(data: StudyData) -> str:
    """How many trials a figure of `drawn_trials` shows, how diverged ones count, and what is left out."""
    trials = drawn_trials(data)
    return caption(
        f"{counted(len(trials), 'COMPLETE trial')}.",
        diverged_sentence(int(trials["diverged"].sum())),
        broken_sentence(int((~trials[KEEPS]).sum()) if KEEPS in trials else 0),
        *(
            left_out_sentence(int((data.trials["status"] == status.value).sum()), f"{status.value} trial")
            for status in (Status.FAILED, Status.PRUNED)
        ),
    )


def diverged_sentence(count: int, subject: str = "") -> str:
    """How `subject`, by default `count` of the trials named before, counts; empty if none diverged."""
    verb = "counts" if count == 1 else "count"
    return f"{subject or f'{count} of them'} diverged and {verb} with the error of guessing." if count else ""


def broken_sentence(count: int) -> str:
    """That trials which break a constraint are drawn, but are not the best; empty if none does."""
    return (
        f"{count} of them {'breaks' if count == 1 else 'break'} a constraint and cannot be the best." if count else ""
    )


def left_out_sentence(count: int, noun: str, which: str = "") -> str:
    """How many are left out; empty if none are. The noun is singular, and `which` follows it: `without a time`."""
    subject = f"{counted(count, noun)} {which}".strip()
    return f"{subject} {'is' if count == 1 else 'are'} left out." if count else ""


def first_sentence(shown: int, total: int) -> str:
    """That only the first parameters are shown; empty if all are."""
    return f"The first {shown} of {total} parameters are shown." if total > shown else ""


def zero_sentence(data: StudyData) -> str:
    """Where values of 0 are drawn that a logarithmic scale cannot show; empty without any."""
    return caption(
        *(
            f"A value of 0 for {axis.label} is drawn at {axis.zero_at:g}, where its logarithmic scale begins."
            for axis in searched_parameters(data.spec)
            if axis.zero_at is not None and (data.trials[axis.column] == 0).any()
        )
    )
