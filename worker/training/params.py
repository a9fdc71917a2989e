"""A trial's hyperparameters for training, and the checks that they do not contradict each other."""

from dataclasses import dataclass, field

SCHEDULES = (
    "constant",
    "step",
    "exponential",
    "cosine",
    "cosine_restarts",
    "triangular",
    "one_cycle",
    "cyclical_momentum",
    "range_test",
)
"""How learning rate and momentum may change from update to update; `schedules.py` defines each schedule."""

LOWEST_SHARE = {"cosine": 0.0, "cosine_restarts": 0.0, "triangular": 1 / 4, "one_cycle": 1 / 10, "range_test": 1e-5}
"""For each schedule between two learning rates: the default of the lower rate as a share of the higher.

Sources: Loshchilov and Hutter 2017, arXiv:1608.03983, whose cosines fall to 0; Smith 2017, arXiv:1506.01186, sec. 3.3:
a third or a fourth; Smith 2018, arXiv:1803.09820, sec. 4: a tenth or a twentieth if there is one cycle only. A range
test begins at a rate too low to learn anything.
"""

MOMENTUM_SWING = 0.1
"""How far momentum falls in a cycle by default: from 0.95 to 0.85 in Smith 2018, arXiv:1803.09820, sec. 4."""

WITH_CYCLES_OF_UPDATES = ("triangular", "cyclical_momentum")
"""The schedules whose cycles have the length that `step_size` or `cycles` gives."""
WITH_CYCLED_MOMENTUM = ("one_cycle", "cyclical_momentum")
WITH_SNAPSHOTS = ("triangular", "cosine_restarts")
"""The schedules in which every cycle ends at the lowest learning rate."""


@dataclass(frozen=True)
class TrainingSeeds:
    """One seed per source of randomness. Augmentation draws from a stream of its own, derived from `shuffling`."""

    initialisation: int
    shuffling: int
    dropout: int


@dataclass(frozen=True, kw_only=True)
class TrainingParams:
    """The hyperparameters that all networks share. Those that the schedule does not use are ignored.

    Attributes:
        learning_rate: of the momentum rule; a schedule begins with it or rises to it.
        momentum: in [0, 1]; the highest value where a schedule cycles it.
        batch_size: examples of a mini-batch; the last, incomplete mini-batch of an epoch is dropped.
        nesterov: use Lasagne's Nesterov momentum instead of its classical one; see `MomentumSgd`.
        schedule: one of `SCHEDULES`.
        decay_factor: `step` and `exponential` multiply the learning rate by it every `decay_every` epochs.
        decay_every: in epochs.
        restart_period: epochs of the first cycle of `cosine_restarts`.
        restart_multiplier: each later cycle is this many times as long as the one before.
        eta_min: the lowest learning rate of the schedules in `LOWEST_SHARE`; None: the share given there.
        eta_max: their highest learning rate; None: `learning_rate`.
        eta_log: let the logarithm of the learning rate rise evenly in range_test, not the rate itself.
        step_size: updates of half a cycle (the papers' stepsize, n_s) of triangular and cyclical_momentum.
        cycles: instead of `step_size`, the cycles in the whole budget; None without a step_size: 3.
        momentum_min: the lowest momentum of one_cycle and cyclical_momentum; None: `MOMENTUM_SWING` below `momentum`.
        l2: lambda of a cost of loss + lambda * (sum of squared weights), without biases and batch norm.
        weight_decay: PyTorch's factor of the same penalty, twice `l2`: gradient + weight_decay * weight.
        keep_input: probability of keeping an input (p_x), in (0, 1]; 1 is no dropout.
        keep_hidden: probability of keeping a hidden unit (p_h), in (0, 1].
        batch_norm: normalise the outputs of every layer but the last, before its ReLU.
        initialisation: glorot, he, normal or orthogonal; see `initialise`.
        sigma: standard deviation of normal.
        augmentation: change the training images in another way each epoch; see `Augmentation`.
        snapshots: measure the ensemble of the networks at the cycles' ends; see `SnapshotEnsemble`.
        patience: stop when the validation loss has not fallen below its lowest for this many epochs; 0: never.

    Raises:
        ValueError: two hyperparameters contradict each other.
    """

    learning_rate: float
    momentum: float
    batch_size: int
    nesterov: bool = False
    schedule: str = "constant"
    decay_factor: float = 0.1
    decay_every: int = 10
    restart_period: int = 10
    restart_multiplier: int = 2
    eta_min: float | None = None
    eta_max: float | None = None
    eta_log: bool = False
    step_size: int | None = None
    cycles: int | None = None
    momentum_min: float | None = None
    l2: float = 0.0
    weight_decay: float = 0.0
    keep_input: float = 1.0
    keep_hidden: float = 1.0
    batch_norm: bool = False
    initialisation: str = "glorot"
    sigma: float = 0.01
    augmentation: bool = False
    snapshots: bool = False
    patience: int = 0

    def __post_init__(self) -> None:
        self._check_schedule()
        if self.l2 and self.weight_decay:
            raise ValueError(
                f"l2 is {self.l2:g} and weight_decay is {self.weight_decay:g}, which are one thing twice "
                "(weight_decay = 2 * l2): set one of them to 0"
            )
        if self.batch_norm and self.batch_size == 1:
            raise ValueError("batch_norm is on and batch_size is 1: one example has no variance to be normalised by")

    def _check_schedule(self) -> None:
        if self.schedule not in SCHEDULES:
            raise ValueError(f"unknown schedule {self.schedule!r}: expected one of {', '.join(SCHEDULES)}")
        if self.schedule in LOWEST_SHARE and self.lowest_rate > self.highest_rate:
            highest = "eta_max" if self.eta_max is not None else "eta_max (left out: learning_rate)"
            raise ValueError(f"eta_min is {self.lowest_rate:g}, above {highest}, which is {self.highest_rate:g}")
        if self.schedule == "range_test" and self.eta_log and not self.lowest_rate:
            raise ValueError("eta_min is 0 and eta_log is on: a logarithmic range begins above 0")
        if self.schedule in WITH_CYCLED_MOMENTUM and self.lowest_momentum > self.momentum:
            raise ValueError(f"momentum_min is {self.lowest_momentum:g}, above momentum, which is {self.momentum:g}")
        if self.schedule in WITH_CYCLES_OF_UPDATES and self.step_size is not None and self.cycles is not None:
            raise ValueError(
                f"step_size is {self.step_size} and cycles is {self.cycles}, but each follows from the other and the "
                "budget: leave one of them out"
            )
        if self.snapshots and self.schedule not in WITH_SNAPSHOTS:
            raise ValueError(
                f"snapshots is on and schedule is {self.schedule}, which has no cycles that end at the lowest learning "
                f"rate: choose {' or '.join(WITH_SNAPSHOTS)}"
            )

    @property
    def decay(self) -> float:
        """The weight decay, in whichever of its two forms it was given."""
        return self.weight_decay + 2 * self.l2

    @property
    def highest_rate(self) -> float:
        """The higher of the two learning rates that the schedule moves between."""
        return self.learning_rate if self.eta_max is None else self.eta_max

    @property
    def lowest_rate(self) -> float:
        """The lower of the two learning rates that the schedule moves between."""
        return LOWEST_SHARE[self.schedule] * self.highest_rate if self.eta_min is None else self.eta_min

    @property
    def lowest_momentum(self) -> float:
        """The momentum to which a cycle falls."""
        return max(self.momentum - MOMENTUM_SWING, 0.0) if self.momentum_min is None else self.momentum_min


@dataclass(frozen=True)
class CnnParams(TrainingParams):
    """The hyperparameters of the convolutional network.

    Attributes:
        num_filters: filters of each convolution.
        keep_hidden: 0.5, as in the Lasagne MNIST example.
        precision: float32 or bfloat16, in which the convolutions multiply; see `Convolution`.
    """

    num_filters: int
    keep_hidden: float = field(default=0.5, kw_only=True)
    precision: str = field(default="float32", kw_only=True)


@dataclass(frozen=True)
class MlpParams(TrainingParams):
    """The hyperparameters of the fully connected network.

    Attributes:
        hidden_units: ReLU units of each hidden layer.
        hidden_layers: number of hidden layers; 0 makes a linear softmax classifier.
    """

    hidden_units: int
    hidden_layers: int = 1


NETWORKS: dict[str, type[TrainingParams]] = {"cnn": CnnParams, "mlp": MlpParams}
"""The hyperparameters of each network, by the name of the objective that trains it."""
