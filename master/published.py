"""The published study: how `study.json` is read, and what a person is told when it cannot be."""

from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.study_spec import StudySpec

ADVICE = (
    "Put the file right from a copy; or remove it and give the `run` command with the study's preset or .toml file "
    "again, which publishes it anew. Results are kept either way"
)


def read_published(folder: StudyFolder) -> StudySpec:
    """The study of a folder, as it was published there.

    Raises:
        FileNotFoundError: it is not there.
        ProtocolError: the file is torn, damaged or another study's; the message says what to do.
    """
    try:
        spec = read_record(folder.spec, StudySpec)
    except ProtocolError as error:
        raise ProtocolError(folder.spec, f"{error.reason}. {ADVICE}") from error
    if spec.name != folder.name:
        raise ProtocolError(folder.spec, f"is the study {spec.name!r}, expected {folder.name!r}. {ADVICE}")
    return spec
