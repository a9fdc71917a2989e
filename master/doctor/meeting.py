"""Lets two doctors on two hosts find each other and talk, only by files in the folder that they examine.

Each doctor shows that it lives by a number that counts up in its scratch folder. They meet at a table: a folder inside
the scratch folder whose name sorts first. The table has two seats, each a file that is written once; the doctor that
creates `seat-first` is the first. A message is a file at the table, found by listing, as the protocol's files are.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import ProtocolError, SearchError
from hyperspool.common.invocation import command_line
from hyperspool.master.doctor.scratch import other_folders, read_words

MEETING_S = 60.0
"""How long to wait for another doctor."""
ANSWER_S = 60.0
"""How long to wait for an answer of the other doctor: longer than any of its checks takes."""
BEAT_S = 0.25
POLL_S = 0.02
ALIVE = "alive.json"
TABLE = "table"
SEATS = ("first", "second")


class PeerError(SearchError):
    """The other doctor did not come, or left."""


class Conversation:
    """Two doctors at a table.

    Args:
        table: the folder of their messages.
        seat: ours, `first` or `second`.
    """

    def __init__(self, table: Path, seat: str) -> None:
        self.table, self.seat = table, seat
        self._other = SEATS[1 - SEATS.index(seat)]

    @property
    def is_first(self) -> bool:
        """Whether this doctor came first; the first one begins each exchange."""
        return self.seat == SEATS[0]

    def say(self, topic: str, **facts: Any) -> None:
        """Send a message to the other doctor."""
        atomic.replace(self.table / f"{topic}.{self.seat}.json", json.dumps(facts).encode(), durable=False)

    def hear(self, topic: str) -> dict[str, Any]:
        """Wait for the other doctor's message on a topic, and return it.

        Raises:
            PeerError: it did not come within `ANSWER_S`.
        """
        name = f"{topic}.{self._other}.json"
        end_s = time.monotonic() + ANSWER_S
        while time.monotonic() < end_s:
            if name in os.listdir(self.table):  # noqa: PTH208 - a fresh listing, as the protocol finds files
                return _read_facts(self.table / name)
            time.sleep(POLL_S)
        raise PeerError(f"the other doctor has said nothing for {ANSWER_S:g} s; run both again")

    def exchange(self, topic: str, **facts: Any) -> dict[str, Any]:
        """Send a message, and wait for the other doctor's message on the same topic."""
        self.say(topic, **facts)
        return self.hear(topic)


def meet(root: Path, scratch: Path, say: Callable[[str], None], limit_s: float = MEETING_S) -> Conversation:
    """Wait for another host's doctor in the same folder.

    Args:
        root: the folder that both examine.
        scratch: this doctor's own folder in it.
        say: called with a message when the waiting begins.
        limit_s: how long to wait.

    Raises:
        PeerError: no other doctor came.
    """
    say(
        f"waiting up to {limit_s:g} s for the doctor of another host: "
        f"run `{command_line('master', 'doctor', '--with-peer')}` there, with --root on the same folder"
    )
    end_s = time.monotonic() + limit_s
    beats: dict[Path, Any] = {}
    full: set[Path] = set()
    atomic.make_folder(scratch / TABLE)
    beat = 0
    while time.monotonic() < end_s:
        beat += 1
        atomic.replace(scratch / ALIVE, json.dumps({"beat": beat}).encode(), durable=False)
        if (others := _living(root, scratch, beats)) and (table := min({scratch, *others}) / TABLE) not in full:
            seat = _take_seat(table, scratch.name)
            if seat is None:
                full.add(table)
            else:
                return _wait_for_company(Conversation(table, seat), scratch, end_s)
        time.sleep(BEAT_S)
    raise _nobody(limit_s)


def _living(root: Path, scratch: Path, beats: dict[Path, Any]) -> set[Path]:
    """The other doctors whose number has changed: the folder of a killed one may still be there."""
    living: set[Path] = set()
    for folder in other_folders(root, scratch):
        with suppress(OSError, ProtocolError):
            beat = read_words(folder / ALIVE)
            if beats.setdefault(folder, beat) != beat:
                living.add(folder)
    return living


def _take_seat(table: Path, name: str) -> str | None:
    with suppress(OSError):  # the table's owner may just have left
        for seat in SEATS:
            if atomic.write_once(table / f"seat-{seat}", name.encode()):
                return seat
    return None


def _wait_for_company(talk: Conversation, scratch: Path, end_s: float) -> Conversation:
    # Keep beating: the other doctor may have seen our number only once, and comes only after it has seen it change.
    # It counts down, so that no number repeats one from before we sat down.
    beat = 0
    began_s = time.monotonic()
    while time.monotonic() < end_s + BEAT_S:
        beat -= 1
        atomic.replace(scratch / ALIVE, json.dumps({"beat": beat}).encode(), durable=False)
        if {f"seat-{seat}" for seat in SEATS} <= set(os.listdir(talk.table)):  # noqa: PTH208 - a fresh listing
            return talk
        time.sleep(BEAT_S)
    raise _nobody(time.monotonic() - began_s)


def _nobody(waited_s: float) -> PeerError:
    return PeerError(f"no other doctor came to this folder within {waited_s:.0f} s")


def _read_facts(path: Path) -> dict[str, Any]:
    facts = read_words(path)
    if not isinstance(facts, dict):
        raise ProtocolError(path, "is not what a doctor says")
    return facts
