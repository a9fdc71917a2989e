import pytest
import torch
from torch.nn import Parameter

from worker.training.momentum import MomentumSgd


def minimise(optimiser: MomentumSgd | torch.optim.SGD, parameter: Parameter, steps: int) -> list[float]:
    path = []
    for _ in range(steps):
        parameter.grad = 2 * parameter.detach()
        optimiser.step()
        path.append(parameter.item())
    return path


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 1.0])
def test_updates_follow_lasagnes_rule_also_when_the_learning_rate_changes(momentum: float) -> None:
    parameter = Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimiser = MomentumSgd([parameter], learning_rate=0.1, momentum=momentum)
    expected, velocity = 1.0, 0.0
    for step in range(20):
        optimiser.learning_rate = 0.1 if step < 10 else 0.01
        velocity = momentum * velocity - optimiser.learning_rate * 2 * expected
        expected += velocity
        assert minimise(optimiser, parameter, 1) == [pytest.approx(expected, rel=1e-12)]


def test_with_a_constant_learning_rate_it_moves_like_pytorchs_rule_and_with_a_changing_one_it_does_not() -> None:
    ours, theirs = (Parameter(torch.tensor([1.0], dtype=torch.float64)) for _ in range(2))
    lasagne = MomentumSgd([ours], learning_rate=0.1, momentum=0.9)
    pytorch = torch.optim.SGD([theirs], lr=0.1, momentum=0.9)
    assert minimise(lasagne, ours, 10) == pytest.approx(minimise(pytorch, theirs, 10), rel=1e-12)
    lasagne.learning_rate = 0.01
    pytorch.param_groups[0]["lr"] = 0.01
    assert minimise(lasagne, ours, 1) != pytest.approx(minimise(pytorch, theirs, 1), rel=1e-3)


def test_it_goes_on_from_its_state() -> None:
    first = Parameter(torch.tensor([1.0]))
    optimiser = MomentumSgd([first], learning_rate=0.1, momentum=0.9)
    minimise(optimiser, first, 5)
    second = Parameter(first.detach().clone())
    resumed = MomentumSgd([second], learning_rate=0.1, momentum=0.9)
    resumed.load_state_dict(optimiser.state_dict())
    assert minimise(resumed, second, 5) == minimise(optimiser, first, 5)


def test_a_step_without_gradients_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"before backward\(\)"):
        MomentumSgd([Parameter(torch.ones(1))], 0.1, 0.9).step()
