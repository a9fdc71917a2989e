import pytest
import torch
from torch.nn import functional

from hyperspool.worker.training.winograd import Winograd, has_tiles

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
@pytest.mark.parametrize("side", [8, 12, 16])
def test_convolution_and_gradients_equal_the_direct_ones(side: int, dtype: torch.dtype, limit: float) -> None:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(3, 20, side, side, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 20, 5, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    expected = functional.conv2d(images, weight)
    to_maps = torch.rand(expected.shape, generator=generator, dtype=torch.float64)
    expected.backward(to_maps)  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    with torch.inference_mode():
        found = Winograd(weight.to(dtype), images.permute(0, 2, 3, 1).to(dtype))
        to_inputs, to_weight = found.backward(to_maps.permute(0, 2, 3, 1).to(dtype))
    assert images.grad is not None
    assert weight.grad is not None
    for one, other in [
        (found.maps, expected.detach().permute(0, 2, 3, 1)),
        (to_inputs, images.grad.permute(0, 2, 3, 1)),
        (to_weight, weight.grad),
    ]:
        assert (one - other).abs().max() < limit * other.abs().max()


@pytest.mark.parametrize(("height", "width", "has"), [(12, 12, True), (14, 14, False), (12, 8, False), (4, 4, False)])
def test_only_square_maps_of_whole_tiles_have_tiles(height: int, width: int, has: bool) -> None:
    assert has_tiles(height, width) is has
