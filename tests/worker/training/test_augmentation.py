import math
from typing import Any

import pytest
import torch
from torch import Tensor

from hyperspool.worker.training.augmentation import Augmentation, crop_and_flip, rotate_and_shift, transform

CPU = torch.device("cpu")
GENERATOR_SEED = 5


def images(count: int = 6, channels: int = 1, side: int = 28) -> Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(GENERATOR_SEED))


def shifted(image: Tensor, right: int, down: int) -> Tensor:
    """Move the image by whole pixels; uncovered pixels are black."""
    moved = torch.zeros_like(image)
    height, width = image.shape[-2:]
    moved[..., max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = image[
        ..., max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def test_draws_in_the_middle_leave_an_image_as_it_is() -> None:
    torch.testing.assert_close(rotate_and_shift(images(), torch.full((6, 3), 0.5)), images(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("right", "down"), [(2, 0), (-2, 0), (0, 2), (0, -1), (1, -2)])
def test_a_shift_by_whole_pixels_moves_them(right: int, down: int) -> None:
    draws = torch.tensor([[0.5, 0.5 + right / 4, 0.5 + down / 4]]).expand(6, 3)
    torch.testing.assert_close(rotate_and_shift(images(), draws), shifted(images(), right, down), atol=1e-4, rtol=0)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_rotation_by_right_angles_turns_the_image_clockwise(quarters: int) -> None:
    found = transform(images(), torch.full((6,), quarters * math.pi / 2), torch.zeros(6, 2))
    torch.testing.assert_close(found, torch.rot90(images(), -quarters, dims=(2, 3)), atol=1e-4, rtol=0)


def test_each_image_is_rotated_and_shifted_within_the_bounds() -> None:
    # A bright point 10 pixels right of the middle: its centre of mass shows angle and shift.
    dot = torch.zeros(1, 1, 29, 29)
    dot[..., 14, 24] = 1.0
    corners = torch.tensor([[0.0, 0.5, 0.5], [1.0, 0.5, 0.5], [1.0, 1.0, 0.0]])
    found = rotate_and_shift(dot.expand(3, 1, 29, 29), corners)[:, 0]
    place = torch.arange(29.0) - 14
    mass = found.sum((1, 2))
    across, down = (found.sum(1) * place).sum(1) / mass, (found.sum(2) * place).sum(1) / mass
    x, y = 10 * math.cos(math.radians(15)), 10 * math.sin(math.radians(15))
    assert across.tolist() == pytest.approx([x, x, x + 2], abs=0.05)
    assert down.tolist() == pytest.approx([-y, y, y - 2], abs=0.05)


@pytest.mark.parametrize(
    "draw", [(0.0, 0.0, 0.9), (0.5, 0.5, 0.9), (0.999, 0.2, 0.9), (0.3, 0.999, 0.1), (0.5, 0.5, 0.0)]
)
def test_a_crop_is_the_image_shifted_and_perhaps_mirrored(draw: tuple[float, float, float]) -> None:
    colour = images(channels=3, side=32)
    left, top = int(draw[0] * 9), int(draw[1] * 9)
    expected = shifted(colour, 4 - left, 4 - top)
    found = crop_and_flip(colour, torch.tensor([draw]).expand(6, 3))
    assert torch.equal(found, expected.flip(3) if draw[2] < 0.5 else expected)


def test_each_image_is_cropped_by_its_own_draws() -> None:
    colour = images(2, channels=3, side=32)
    draws = torch.tensor([[0.0, 0.9, 0.2], [0.9, 0.0, 0.7]])
    together = crop_and_flip(colour, draws)
    for place in range(2):
        assert torch.equal(
            together[place : place + 1], crop_and_flip(colour[place : place + 1], draws[place : place + 1])
        )


def augmentation(**changes: Any) -> Augmentation:
    given: dict[str, Any] = {"dataset": "digits", "count": 6, "seed": 7, "device": CPU}
    return Augmentation(**(given | changes))


def test_an_images_change_depends_on_the_epoch_alone() -> None:
    made = augmentation()
    first = made(images(), torch.arange(6))
    assert torch.equal(made(images()[[4, 2]], torch.tensor([4, 2])), first[[4, 2]])
    made.begin_epoch()
    assert not torch.equal(made(images(), torch.arange(6)), first)


def test_it_goes_on_in_the_epoch_of_its_state() -> None:
    def two_epochs(made: Augmentation) -> list[Tensor]:
        first = made(images(), torch.arange(6))
        made.begin_epoch()
        return [first, made(images(), torch.arange(6))]

    made, resumed = augmentation(), augmentation(seed=99)
    made.begin_epoch()
    resumed.load_state(made.state())
    torch.testing.assert_close(two_epochs(resumed), two_epochs(made), atol=0, rtol=0)


def test_its_stream_of_random_numbers_is_not_the_shufflings() -> None:
    shuffling = torch.rand(6, 3, generator=torch.Generator().manual_seed(7))
    assert not torch.equal(augmentation().draws, shuffling)
    assert not torch.equal(augmentation().draws, augmentation(seed=8).draws)


def test_a_data_set_without_augmentation_is_refused() -> None:
    with pytest.raises(ValueError, match="augmentation is on, but not defined for noise: only for digits, mnist"):
        augmentation(dataset="noise")
