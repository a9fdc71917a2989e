import pytest
import torch
from torch import nn
from torch.nn import Parameter

from hyperspool.worker.training.momentum import MomentumSgd


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


def test_only_a_changing_learning_rate_separates_lasagne_from_pytorch() -> None:
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


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_nesterovs_updates_are_lasagnes_also_when_rate_and_momentum_change(momentum: float) -> None:
    # lasagne.updates.apply_nesterov_momentum: x = momentum * velocity + sgd_update - parameter becomes the velocity,
    # momentum * x + sgd_update the parameter.
    parameter = Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimiser = MomentumSgd([parameter], learning_rate=0.1, momentum=momentum, nesterov=True)
    expected, velocity = 1.0, 0.0
    for step in range(20):
        optimiser.learning_rate = 0.1 if step < 10 else 0.01
        optimiser.momentum = momentum if step < 15 else momentum / 2
        sgd_update = expected - optimiser.learning_rate * 2 * expected
        velocity = optimiser.momentum * velocity + sgd_update - expected
        expected = optimiser.momentum * velocity + sgd_update
        assert minimise(optimiser, parameter, 1) == [pytest.approx(expected, rel=1e-12)]


def test_with_a_constant_learning_rate_nesterovs_updates_are_pytorchs() -> None:
    ours, theirs = (Parameter(torch.tensor([1.0], dtype=torch.float64)) for _ in range(2))
    lasagne = MomentumSgd([ours], learning_rate=0.1, momentum=0.9, nesterov=True)
    pytorch = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True)
    assert minimise(lasagne, ours, 10) == pytest.approx(minimise(pytorch, theirs, 10), rel=1e-12)


def small_network() -> nn.Sequential:
    generator = torch.Generator().manual_seed(4)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 4, 3)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return network


def cost(network: nn.Module) -> torch.Tensor:
    images = torch.rand(5, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    logits: torch.Tensor = network(images)
    return logits.logsumexp(1).mean()


def trained(optimiser: MomentumSgd | torch.optim.SGD, network: nn.Module, l2: float = 0.0) -> list[torch.Tensor]:
    for _ in range(3):
        penalty = sum((weight.square().sum() for weight in network.parameters() if weight.dim() > 1), torch.zeros(()))
        (cost(network) + l2 * penalty).backward()  # type: ignore[no-untyped-call]  # torch's is not annotated
        optimiser.step()
        network.zero_grad()
    return [parameter.detach() for parameter in network.parameters()]


@pytest.mark.parametrize("nesterov", [False, True])
def test_weight_decay_is_the_gradient_of_half_its_penalty(
    nesterov: bool,
) -> None:
    decayed, penalised = small_network(), small_network()
    ours = trained(MomentumSgd(decayed.parameters(), 0.1, 0.9, nesterov=nesterov, weight_decay=2 * 0.03), decayed)
    plain = trained(MomentumSgd(penalised.parameters(), 0.1, 0.9, nesterov=nesterov), penalised, l2=0.03)
    torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)


def test_weight_decay_equals_pytorchs_without_biases_and_batch_norm() -> None:
    ours, theirs = small_network(), small_network()
    weights = [parameter for parameter in theirs.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in theirs.parameters() if parameter.dim() == 1]
    assert len(vectors) == 4  # two biases, and the scales and shifts of batch norm
    groups = [{"params": weights, "weight_decay": 0.06}, {"params": vectors, "weight_decay": 0.0}]
    expected = trained(torch.optim.SGD(groups, lr=0.1, momentum=0.9), theirs)
    found = trained(MomentumSgd(ours.parameters(), 0.1, 0.9, weight_decay=0.06), ours)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
