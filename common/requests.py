"""Enqueued settings: requests of people that a study evaluates certain params, one small file each.

    results/<study>/requests/20261126T212503123-3f9a1c.json

Any host writes one, once. The study's master reads it, records it in the journal as a proposal that names the request,
and only then removes the file. A master that is killed in between finds both when it starts again: a request that the
journal names is removed and not evaluated a second time.
"""

from hyperspool.common import atomic
from hyperspool.common.asked import EnqueuedSetting
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import REQUEST
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.names import unique_name
from hyperspool.common.reading import read_record
from hyperspool.common.rejection import set_aside
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec

TAKERS = ("random", "qmc", "tpe", "gp", "auto")
"""The samplers that go on after a trial that they did not propose; the others plan all of their trials."""


def refusal(spec: StudySpec) -> str | None:
    """Why a study takes no enqueued settings; None if it does."""
    if spec.ablation:
        return "each test case of an ablation has its own trials"
    if spec.replicates > 1:
        return "it evaluates each setting several times (replicates)"
    if spec.sampler.name not in TAKERS:
        return f"the sampler {spec.sampler.name} plans all of its trials; {', '.join(TAKERS)} take others"
    return None


def enqueue(folder: StudyFolder, params: Params) -> str:
    """Write a request; return its name.

    Raises:
        OSError: the folder refuses the file.
    """
    at = now_text()
    name = unique_name(at)
    atomic.make_folder(folder.place(REQUEST.place))
    atomic.replace(folder.path(REQUEST, name), EnqueuedSetting(params=params, at=at).to_json(), durable=True)
    return name


def read_requests(folder: StudyFolder, spec: StudySpec) -> dict[str, Params]:
    """The params of the requests that wait, by name, the oldest first. A malformed one is set aside with the reason."""
    found: dict[str, Params] = {}
    for file_name in sorted(names_of(folder.place(REQUEST.place))):
        name = REQUEST.parse(file_name)
        if not isinstance(name, str):
            continue
        path = folder.path(REQUEST, name)
        try:
            params = read_record(path, EnqueuedSetting).params
            problems = spec.space.problems(params)
        except FileNotFoundError:
            continue
        except ProtocolError as error:
            problems = (error.reason,)
        if problems:
            set_aside(folder, path, "; ".join(problems))
        else:
            found[name] = dict(params)
    return found


def remove_request(folder: StudyFolder, name: str) -> None:
    """Remove a request that the journal has. Only the study's master may do so."""
    atomic.remove(folder.path(REQUEST, name))
