import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from tests.processes import REPOSITORY


def _executed(path: Path, folder: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(folder)}})
    return client.execute()


def _printed(cell: Any) -> str:
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"]]
    return "\n".join(texts)


def test_the_example_notebook_runs_as_it_is(tmp_path: Path) -> None:
    written = nbformat.read(REPOSITORY / "examples" / "notebook" / "search.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in written["cells"])
    cells = _executed(REPOSITORY / "examples" / "notebook" / "search.ipynb", tmp_path)["cells"]
    (run,) = [_printed(cell) for cell in cells if "study.run" in cell["source"] and cell["cell_type"] == "code"]
    bars = re.findall(r"^[█░]+ .*$", run, flags=re.MULTILINE)
    assert len(bars) == 1
    assert re.search(r"█{30} 12/12, .* gone; 12 complete; best accuracy 0\.9\d+ in trial", bars[0])
    (told,) = [_printed(cell) for cell in cells if "study.tell" in cell["source"] and cell["cell_type"] == "code"]
    assert re.search(r"12 +COMPLETE +0\.\d+", told)
