"""Fixtures that tests of the master share."""

import pytest

from hyperspool.common.layout import StudyFolder
from tests.master.bench import Bench


@pytest.fixture
def bench(folder: StudyFolder) -> Bench:
    """A dispatcher on the folder of `spec_of()`."""
    return Bench(folder)
