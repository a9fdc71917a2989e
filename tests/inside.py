"""What evaluates in the worker's own process needs in the place of the pipe between parent and child."""

from hyperspool.worker.executor import Observer
from hyperspool.worker.messages import Began, EpochDone, Resumed


class ObserverPipe:
    """What a child says goes to the observer at once."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def send(self, message: object) -> None:
        """As a pipe does; what is of no interest to an observer is dropped."""
        match message:
            case Began():
                self._observer.began(message)
            case Resumed():
                self._observer.resumed(message)
            case EpochDone():
                self._observer.epoch_done(message)
