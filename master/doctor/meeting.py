"""Two doctors on two hosts find each other and talk, by files in the folder that they examine and nothing else.

Each shows in its scratch folder that it lives, by a number that counts up. In the folder of the one whose name sorts
first stands their table, a folder too. It has two seats, each a file that is written once: who gets `seat-first` is
first. What one says is a file of the table, and found by listing, as the protocol's files are.
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
"""How long to wait for the other doctor to come."""
ANSWER_S = 60.0
"""How long to wait for its answer: longer than any of its checks takes."""
BEAT_S = 0.25
POLL_S = 0.02
ALIVE = "alive.json"
TABLE = "table"
SEATS = ("first", "second")


class PeerError(SearchError):
    """The other doctor did not come, or has gone."""


class Conversation:
    """Two doctors at a table.

    Args:
        table: the folder where they put what they say.
        seat: ours, `first` or `second`.
    """

    def __init__(self, table: Path, seat: str) -> None:
        self.table, self.seat = table, seat
        self._other = SEATS[1 - SEATS.index(seat)]

    @property
    def is_first(self) -> bool:
        """Whether this doctor came first. It begins."""
        return self.seat == SEATS[0]

    def say(self, topic: str, **facts: Any) -> None:
        """Tell the other one."""
        atomic.replace(self.table / f"{topic}.{self.seat}.json", json.dumps(facts).encode(), durable=False)

    def hear(self, topic: str) -> dict[str, Any]:
        """What the other one says, once it does.

        Raises:
            PeerError: it says nothing for `ANSWER_S`.
        """
        name = f"{topic}.{self._other}.json"
        end_s = time.monotonic() + ANSWER_S
        while time.monotonic() < end_s:
            if name in os.listdir(self.table):  # noqa: PTH208 - a fresh listing, as the protocol finds files
                return _read_facts(self.table / name)
            time.sleep(POLL_S)
        raise PeerError(f"the other doctor has said nothing for {ANSWER_S:g} s; run both again")

    def exchange(self, topic: str, **facts: Any) -> dict[str, Any]:
        """Tell the other one, and hear from it about the same."""
        self.say(topic, **facts)
        return self.hear(topic)


def meet(root: Path, scratch: Path, say: Callable[[str], None], limit_s: float = MEETING_S) -> Conversation:
    """Wait for another host's doctor in the same folder.

    Args:
        root: the folder that both examine.
        scratch: this doctor's own folder in it.
        say: told that we wait.
        limit_s: how long.

    Raises:
        PeerError: nobody came.
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
    """The other doctors whose number was seen to change: a killed one's folder may still be there."""
    living: set[Path] = set()
    for folder in other_folders(root, scratch):
        with suppress(OSError, ProtocolError):
            beat = read_words(folder / ALIVE)
            if beats.setdefault(folder, beat) != beat:
                living.add(folder)
    return living


def _take_seat(table: Path, name: str) -> str | None:
    with suppress(OSError):  # its owner has just left
        for seat in SEATS:
            if atomic.write_once(table / f"seat-{seat}", name.encode()):
                return seat
    return None


def _wait_for_company(talk: Conversation, scratch: Path, end_s: float) -> Conversation:
    # The other one may have seen us only once, and needs to see that we live to come to the table.
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
