"""Settings that a person enqueues: read from the command line or a CSV file, and checked before anything is written."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path

from hyperspool.common.errors import UsageError
from hyperspool.common.requests import refusal
from hyperspool.common.space import Fixed, Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import unknown_key
from hyperspool.common.values import setting_key
from hyperspool.master.studies.tables import rows_of, typed_for


def need_taker(spec: StudySpec) -> None:
    """Check that a study takes enqueued settings.

    Raises:
        UsageError: its method plans all of its trials.
    """
    if reason := refusal(spec):
        raise UsageError(f"study {spec.name} takes no enqueued settings: {reason}")


def from_assignments(spec: StudySpec, text: str) -> Params:
    """Return the params of `--params NAME=VALUE,NAME=VALUE`.

    Raises:
        UsageError: a pair has another form, or the params do not lie in the space.
    """
    texts: dict[str, str] = {}
    for pair in text.split(","):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--params {text}: expected NAME=VALUE,NAME=VALUE, e.g. --params rate=0.1,depth=3")
        texts[name.strip()] = value.strip()
    return _params(spec, texts, f"--params {text}")


def from_csv(spec: StudySpec, path: Path) -> Iterator[Params]:
    """Yield the params of each row of a CSV file whose first line names parameters; empty cells are left out.

    Raises:
        UsageError: the file cannot be read, or a row's params do not lie in the space.
    """
    for number, texts in rows_of(path, f"--file {path}").items():
        yield _params(spec, texts, f"--file {path}, line {number}")


def need_new(settings: Sequence[Params], there: Mapping[Hashable, str]) -> None:
    """Check that no setting is proposed or enqueued already.

    Args:
        settings: to be enqueued.
        there: what has each setting already, by the setting's key.

    Raises:
        UsageError: one is there.
    """
    taken = dict(there)
    for place, params in enumerate(settings, start=1):
        if owner := taken.get(setting_key(params)):
            said = ", ".join(f"{name}={value}" for name, value in params.items())
            raise UsageError(f"{owner} has the params {said} already; nothing was enqueued")
        taken[setting_key(params)] = f"setting {place} of the same command"


def _params(spec: StudySpec, texts: Mapping[str, str], where: str) -> Params:
    known = dict(spec.space.items())
    if wrong := [name for name in texts if name not in known]:
        raise UsageError(f"{where}: {unknown_key(wrong[0], list(known))}; nothing was enqueued")
    given: Params = {name: parameter.value for name, parameter in known.items() if isinstance(parameter, Fixed)}
    given |= {name: typed_for(known[name], text) for name, text in texts.items()}
    # A fixed value is nobody's to give, and is left out where its condition does not hold.
    params = {name: given[name] for name in known if name in given and (name in texts or known[name].is_wanted(given))}
    if problems := spec.space.problems(params):
        raise UsageError(f"{where}: {'; '.join(problems)}; nothing was enqueued")
    return params
