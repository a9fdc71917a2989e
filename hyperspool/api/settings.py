"""A study's settings as Python gives them, and the study that they describe."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperspool.api.space import space_table
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.names import MAX_TRIALS
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.methods import METHODS
from hyperspool.master.studies.changes import merged
from hyperspool.master.studies.published import differences, publish_study, published_study, read_published
from hyperspool.master.studies.validity import need_trainable, validated

Version = tuple[int, int]
"""Time and inode of a study's file: another pair means another study."""


@dataclass(frozen=True)
class Settings:
    """What a person said about a study.

    Attributes:
        name: of the study.
        root: the shared folder.
        space: None opens the published study of that name.
        table: further settings as in a study's file, without those that were not given.
    """

    name: str
    root: Path
    space: Mapping[str, object] | None
    table: Mapping[str, Any]

    @property
    def folder(self) -> StudyFolder:
        """The study's folder."""
        return StudyFolder(self.root, self.name)

    def version(self) -> Version | None:
        """Which file the published study is; None if there is none."""
        try:
            status = self.folder.spec.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino

    def find(self, objective: str, trials: int | None) -> StudySpec:
        """Return the study: as it is published, or as it will be.

        Args:
            objective: the objective's name, if the study's is not known yet.
            trials: how many are wanted now; a method that has to know their number takes it as the study's.

        Raises:
            StudyError: the settings are not valid.
            UsageError: another study of that name is published, or the study is not known.
        """
        if self.space is None:
            open_shared_folder(self.root)
            return self._opened()
        with suppress(OSError):  # whatever is wrong, the next line says it
            self.root.mkdir(exist_ok=True)  # not its parents: they may be a disk that is not mounted
        open_shared_folder(self.root)
        there = read_published(self.folder) if self.folder.spec.exists() else None
        wanted = self._described(there, objective, trials)
        if there is None:
            need_trainable(wanted, f"study {self.name}")
        elif different := differences(there, wanted):
            raise UsageError(self._refusal(different))
        return there or wanted

    def publish(self, spec: StudySpec) -> None:
        """Publish the study, unless it is published already.

        Raises:
            UsageError: meanwhile another process published another study of that name.
        """
        if different := publish_study(self.folder, spec):
            raise UsageError(self._refusal(different))

    def _opened(self) -> StudySpec:
        spec = read_published(published_study(self.root, self.name))
        if self.table:
            # Of a study that is opened, everything is known; a setting that says otherwise is a mistake.
            given = merged(json.loads(spec.to_json()), self.table)
            if different := differences(spec, validated(given, f"study {self.name}")):
                raise UsageError(self._refusal(different))
        return spec

    def _described(self, there: StudySpec | None, objective: str, trials: int | None) -> StudySpec:
        table: dict[str, Any] = {"name": self.name, "space": space_table(self.space or {})}
        table = merged(table, {"objective": {"name": there.objective.name if there else objective}})
        table = merged(table, self.table)
        if "trials" not in table and table.get("sampler", {}).get("name") != "grid":
            if there:
                table["trials"] = there.trials
            elif "confirm" in table or _needs_length(table):
                table |= {"trials": trials} if trials else {}
            elif "ablation" not in table:
                table["trials"] = MAX_TRIALS
        return validated(table, f"study {self.name}")

    def _refusal(self, different: Mapping[str, tuple[Any, Any]]) -> str:
        lines = "".join(
            f"\n  {key}: published {_as_written(was)}, now {_as_written(now)}" for key, (was, now) in different.items()
        )
        return (
            f"study {self.name} is published in {self.root.absolute()} with other settings:{lines}\n"
            f"To go on with the published one: hyperspool.Study({self.name!r}, root={str(self.root)!r})\n"
            "To start another study with the new settings: give it another name"
        )


def _needs_length(table: Mapping[str, Any]) -> bool:
    # A method in rounds, say, divides the trials among them. What is no method is refused when the study is validated.
    sampler, halving = table.get("sampler"), table.get("halving")
    if isinstance(halving, dict) and halving.get("name", "asha") != "asha":
        return True
    method = METHODS.get(sampler.get("name", "random")) if isinstance(sampler, dict) else None
    return method is not None and method.needs_length


def _as_written(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)
