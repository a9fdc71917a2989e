"""Studies of earlier versions are claimed by `flock`, new ones by locks that they refuse."""

import json

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.master.studies.published import differences, publish_study, read_published, with_lock_kind
from tests.conftest import spec_of


@pytest.mark.parametrize(
    ("published", "wanted", "used"),
    [
        (None, ClaimMode.FLOCK, ClaimMode.LOCK),
        (None, ClaimMode.LEASE, ClaimMode.LEASE),
        (ClaimMode.FLOCK, ClaimMode.LOCK, ClaimMode.FLOCK),
        (ClaimMode.FLOCK, ClaimMode.LEASE, ClaimMode.LEASE),
        (ClaimMode.LOCK, ClaimMode.FLOCK, ClaimMode.LOCK),
    ],
)
def test_a_published_study_keeps_its_kind_of_lock(
    folder: StudyFolder, published: ClaimMode | None, wanted: ClaimMode, used: ClaimMode
) -> None:
    folder.spec.unlink(missing_ok=True)
    if published:
        atomic.write_once(folder.spec, spec_of(claim=published).to_json())
    assert with_lock_kind(folder, spec_of(claim=wanted)).claim is used


def test_a_new_study_says_what_earlier_versions_do_not_know(folder: StudyFolder) -> None:
    folder.spec.unlink(missing_ok=True)
    spec = with_lock_kind(folder, spec_of(claim=ClaimMode.FLOCK))
    publish_study(folder, spec)
    assert json.loads(folder.spec.read_bytes())["claim"] not in {"lock", "lease"}
    assert differences(read_published(folder), spec) == {}
