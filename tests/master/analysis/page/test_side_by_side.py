"""Parts of a page that are made in forks."""

import os

import pytest

from hyperspool.master.analysis.page.side_by_side import side_by_side

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def test_parts_come_in_order_whoever_makes_them() -> None:
    made = side_by_side(lambda place: (place, os.getpid()), 7, processes=3)
    assert [place for place, _ in made] == list(range(7))
    assert len({pid for _, pid in made}) == 3
    assert side_by_side(lambda place: place, 0, processes=3) == []


def test_a_part_whose_process_dies_is_made_again() -> None:
    own = os.getpid()

    def make(place: int) -> int:
        if os.getpid() != own:
            os._exit(1)
        return place

    assert side_by_side(make, 5, processes=2) == [0, 1, 2, 3, 4]


def test_an_error_in_a_fork_is_raised_here() -> None:
    def make(place: int) -> int:
        if place == 3:
            raise OSError(f"no place for {place}")
        return place

    with pytest.raises(OSError, match="no place for 3"):
        side_by_side(make, 5, processes=2)
