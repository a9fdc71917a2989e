import subprocess
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.master.launch.slurm_script import Place, Resources, master_script, workers_script

PYTHON = Path("/bin/bash")


def options_of(script: str) -> list[str]:
    return [line.removeprefix("#SBATCH --") for line in script.splitlines() if line.startswith("#SBATCH")]


def run(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False)


def test_a_node_is_made_like_the_place_of_launch(root: Path) -> None:
    place = Place(root, PYTHON, root, {"NOTED": "it's here"})
    said = 'echo "$NOTED" "$PWD" "${PATH%%:*}" "$0"; kill -USR1 $$; echo lives'
    done = run(workers_script("jobs", 3, Resources(), place, ["bash", "-c", said, "a b"], root))
    assert done.stdout == f"it's here {root} /bin a b\nlives\n"
    assert done.returncode == 0


@pytest.mark.parametrize("lacking", ["jobs", "python", "folder"])
def test_a_node_that_lacks_something_says_so(root: Path, lacking: str) -> None:
    paths = {"jobs": root, "python": PYTHON, "folder": root} | {lacking: root / "no 'way'"}
    place = Place(paths["folder"], paths["python"], paths["jobs"])
    done = run(workers_script("jobs", 1, Resources(), place, ["echo", "runs"], root))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "this node does not see the " in done.stderr
    assert str(root / "no 'way'") in done.stderr


def test_options_reach_sbatch_as_they_are(root: Path) -> None:
    asked = Resources("4:00:00", "spot", 2, ("account=lab", "exclusive", "open-mode=truncate"))
    place = Place(root, PYTHON, root)
    options = options_of(workers_script("jobs", 3, asked, place, ["true"], Path("/lab/50% off")))
    assert {"array=0-2", "gres=gpu:2", "time=4:00:00", "partition=spot", "requeue", "signal=B:USR1@60"} <= {*options}
    assert {"account=lab", "exclusive", "open-mode=truncate"} <= {*options}
    assert "open-mode=append" not in options
    assert 'output="/lab/50%% off/worker-%A_%a.log"' in options
    of_master = options_of(master_script("master", asked, place, ["true"], root))
    assert not [option for option in of_master if option.startswith(("array", "gres"))]


@pytest.mark.parametrize("option", ["array=0-9", "--signal=USR2", "", "mem=1G\ntouch /tmp/x"])
def test_options_that_break_the_script_are_refused(option: str) -> None:
    with pytest.raises(UsageError):
        Resources(more=(option,))
