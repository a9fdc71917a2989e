"""Which figure of which study each picture shows, and how the study comes about."""

import io
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page.report import write_report
from hyperspool.master.studies.preset import preset_names

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
RANGE_TEST = "mlp-digits-lr-range"
RANGE_OPTIONS = ("--objective", "mlp", "--from", "1e-4", "--to", "10", "--log")
MOST_PIXELS = 1200
"""Wider figures are made smaller: no page shows more."""
CURVES = ("training-loss-curves", "validation-loss-curves", "validation-error-curves")
SHOWN: dict[str, dict[str, str]] = {
    "scenario1": {name: f"scenario1-{name}" for name in (*CURVES, "value-by-learning-rate")},
    "scenario2": {"grid-learning-rate-batch-size": "scenario2-grid", "time-by-batch-size": "scenario2-time"},
    "scenario3": {"grid-learning-rate-momentum": "scenario3-grid"},
    "scenario4": {"time-by-num-filters": "scenario4-time"},
    "scenario5": {
        name: f"scenario5-{name}"
        for name in ("best-so-far", "value-by-parameter", "pairs", "parallel-coordinates", "simulated-search")
    },
    "scenario6": {name: f"scenario6-{name}" for name in ("timeline", "simulated-workers")},
    "stochasticity": {"stochasticity": "stochasticity-spread"},
    RANGE_TEST: {"lr-range": "techniques-lr-range"},
    "smith-learning-rates": {"value-by-learning-rate": "techniques-smith-learning-rates"},
    "smith-momentum": {"grid-schedule-learning-rate": "techniques-smith-momentum"},
    "smith-weight-decay": {"value-by-l2": "techniques-smith-weight-decay"},
    "init-and-batchnorm": {"grid-initialisation-batch-norm": "techniques-init-and-batchnorm"},
    "regularisation": {"value-by-keep-hidden": "techniques-regularisation"},
    "patience": {"validation-loss-curves": "techniques-early-stopping"},
    "two-layer-coarse": {"rounds": "techniques-rounds"},
    "recipe": {"ablation": "techniques-ablation"},
    "small-network": {"front": "several-objectives-front", "hypervolume": "several-objectives-hypervolume"},
}
"""Of each study: the name of a figure of its report, and that of the picture."""


def written_studies() -> dict[str, str]:
    """The text of each study that a page has its reader write."""
    found: dict[str, str] = {}
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        found |= re.findall(r"cat > \$ROOT/([\w-]+)\.toml <<'END'\n(.*?\n)END\n", text, flags=re.DOTALL)
    return found


def run(study: str, root: Path, workers: int = 2) -> None:
    """Run a study, or go on with it.

    Raises:
        CalledProcessError: it could not be run to its end.
    """
    options = ["--root", str(root), "--workers", str(workers)]
    if study == RANGE_TEST:
        command = ["lr-range-test", *RANGE_OPTIONS, *options]
    elif study in preset_names():
        command = ["run", study, *options]
    else:
        path = root / f"{study}.toml"
        path.write_text(written_studies()[study], encoding="utf-8")
        command = ["run", str(path), *options]
    subprocess.run([sys.executable, "-m", "hyperspool", *command], check=True)  # noqa: S603 - our own program


def draw(study: str, root: Path) -> None:
    """Write the study's report, and keep the figures that are shown."""
    folder = StudyFolder(root, study)
    write_report(folder, folder.report)
    for figure, picture in SHOWN[study].items():
        keep((folder.report / "figures" / f"{figure}.png").read_bytes(), picture)


def keep(png: bytes, picture: str) -> None:
    """Keep a picture, without its alpha channel, and no wider than a page."""
    with Image.open(io.BytesIO(png)) as image:
        kept = Image.new("RGB", image.size, "white")
        kept.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        if kept.width > MOST_PIXELS:
            kept = kept.resize((MOST_PIXELS, round(kept.height * MOST_PIXELS / kept.width)), Image.Resampling.LANCZOS)
        kept.save(PICTURES / f"{picture}.png", optimize=True)
