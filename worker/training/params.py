"""A trial's hyperparameters as training takes them, and which of them contradict each other."""

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
"""What learning rate and momentum may do from update to update; `schedules.py` defines each."""

LOWEST_SHARE = {"cosine": 0.0, "cosine_restarts": 0.0, "triangular": 1 / 4, "one_cycle": 1 / 10, "range_test": 1e-5}
"""Per schedule that moves between two learning rates: the lower one as a share of the higher, unless it is given.

Sources: Loshchilov and Hutter 2017, arXiv:1608.03983, whose cosines fall to 0; Smith 2017, arXiv:1506.01186, sec. 3.3:
a third or a fourth; Smith 2018, arXiv:1803.09820, sec. 4: a tenth or a twentieth if there is one cycle only. A range
test begins where nothing is learned.
"""

MOMENTUM_SWING = 0.1
"""How far momentum falls in a cycle unless it is told: 0.95 to 0.85 in Smith 2018, arXiv:1803.09820, sec. 4."""

WITH_CYCLES_OF_UPDATES = ("triangular", "cyclical_momentum")
"""The schedules whose cycles `step_size` or `cycles` measures out."""
WITH_CYCLED_MOMENTUM = ("one_cycle", "cyclical_momentum")
WITH_SNAPSHOTS = ("triangular", "cosine_restarts")
"""The schedules whose every cycle ends at the lowest learning rate."""


@dataclass(frozen=True)
class TrainingSeeds:
    """One seed per source of randomness. Augmentation draws from a stream of its own, derived from `shuffling`."""

    initialisation: int
    shuffling: int
    dropout: int


@dataclass(frozen=True, kw_only=True)
class TrainingParams:
    """How a network is trained, whichever it is. What a schedule has no use for is ignored.

    Attributes:
        learning_rate: of the momentum rule; what a schedule begins with, or rises to.
        momentum: in [0, 1]; the highest one where it is cycled.
        batch_size: examples of a mini-batch; the last, incomplete one of an epoch is dropped.
        nesterov: Lasagne's Nesterov momentum in place of its classical one; see `MomentumSgd`.
        schedule: one of `SCHEDULES`.
        decay_factor: by how much `step` and `exponential` lower the learning rate every `decay_every` epochs.
        decay_every: in epochs.
        restart_period: epochs of the first cycle of `cosine_restarts`.
        restart_multiplier: how many times as long each later cycle is as the one before.
        eta_min: the lowest learning rate of the schedules in `LOWEST_SHARE`; None: the share that stands there.
        eta_max: their highest learning rate; None: `learning_rate`.
        eta_log: whether the logarithm of the learning rate rises evenly in range_test, not the rate itself.
        step_size: updates of half a cycle (the papers' stepsize, n_s) of triangular and cyclical_momentum.
        cycles: in place of `step_size`: cycles in the whole budget; None beside no step_size: 3.
        momentum_min: the lowest momentum of one_cycle and cyclical_momentum; None: `MOMENTUM_SWING` below `momentum`.
        l2: lambda of a cost that is loss + lambda * (sum of squared weights), biases and batch norm left out.
        weight_decay: PyTorch's factor of the same thing, twice `l2`: gradient + weight_decay * weight.
        keep_input: probability of keeping an input (p_x), in (0, 1]; 1 is no dropout.
        keep_hidden: probability of keeping a hidden unit (p_h), in (0, 1].
        batch_norm: normalise what every layer but the last computes, before its ReLU.
        initialisation: glorot, he, normal or orthogonal; see `initialise`.
        sigma: standard deviation of normal.
        augmentation: change every training image anew each time it is seen; see `Augmentation`.
        snapshots: measure the ensemble of the networks at the cycles' ends; see `SnapshotEnsemble`.
        patience: stop when the validation loss has not fallen below its lowest for so many epochs; 0: never.

    Raises:
        ValueError: two of them contradict each other.
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
    def highest_rate(self) -> float:
        """The higher of the two learning rates that the schedule moves between."""
        return self.learning_rate if self.eta_max is None else self.eta_max

    @property
    def lowest_rate(self) -> float:
        """The lower of the two learning rates that the schedule moves between."""
        return LOWEST_SHARE[self.schedule] * self.highest_rate if self.eta_min is None else self.eta_min

    @property
    def lowest_momentum(self) -> float:
        """The momentum that a cycle falls to."""
        return max(self.momentum - MOMENTUM_SWING, 0.0) if self.momentum_min is None else self.momentum_min


@dataclass(frozen=True)
class CnnParams(TrainingParams):
    """The hyperparameters of the convolutional network.

    Attributes:
        num_filters: filters of each convolution.
        keep_hidden: 0.5, as in the Lasagne MNIST example.
    """

    num_filters: int
    keep_hidden: float = field(default=0.5, kw_only=True)


@dataclass(frozen=True)
class MlpParams(TrainingParams):
    """The hyperparameters of the fully connected network.

    Attributes:
        hidden_units: ReLU units of each hidden layer.
        hidden_layers: how many of them; 0 is a linear softmax classifier.
    """

    hidden_units: int
    hidden_layers: int = 1
