"""The SVG text of a figure, made small and fit to stand inside a page.

matplotlib's text has an id for everything, a font list for each word, and a group around each dot. Here only ids that
something refers to stay, with the figure's name before them, so that figures on one page do not share any. What stands
for trials says so in `data-trials`, with as many words as it has marks; a word with dots in it names several trials.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from matplotlib.figure import Figure

from hyperspool.master.analysis.figures.marks import AXIS_LABEL, PARALLEL, PLOT, SIDE, Part, part_of, plots_json

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
HREF = f"{{{LINK}}}href"
HEADER = '<?xml version="1.0" encoding="utf-8"?>\n'
FONTS = "'DejaVu Sans', 'Bitstream Vera Sans', Verdana, 'Lucida Grande', Arial, sans-serif"
_DECIMALS = re.compile(r"(-?\d+\.\d\d)\d+")
_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_REFERENCE = re.compile(r"#([\w.-]+)")
_PLOT = re.compile(rf"({PLOT}|{PARALLEL}|{SIDE})(\d+)")
_TICK = re.compile(r"[xy]tick_\d+")
ET.register_namespace("", SVG)
ET.register_namespace("xlink", LINK)


def compact(written: bytes, name: str, figure: Figure) -> bytes:
    """Make matplotlib's SVG small, and keep of its ids what a page needs.

    Args:
        written: the SVG file of the figure, after `name_parts`.
        name: of the figure; it begins all ids.
        figure: laid out.
    """
    root = ET.fromstring(written)  # noqa: S314 - matplotlib wrote it just now, and declares no entities
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for parent in list(root.iter()):
        for style in parent.findall(f"{{{SVG}}}style"):
            parent.remove(style)
    root.set("style", f"stroke-linejoin: round; stroke-linecap: butt; font-family: {FONTS}")
    root.set("data-plots", plots_json(figure))
    for element in list(root.iter()):
        _shorten(element, name)
    for element in list(root.iter(f"{{{SVG}}}g")):
        _describe(element)
    _drop_ids(root, name)
    text: str = ET.tostring(root, encoding="unicode")
    return f"{HEADER}{text}\n".encode()


def _shorten(element: ET.Element, name: str) -> None:
    element.tail = None
    if element.text and not element.text.strip():
        element.text = None
    for key, value in element.attrib.items():
        if key == "d":
            element.set(key, _DECIMALS.sub(r"\1", value).replace("\n", ""))
        elif key in {"x", "y", "transform"}:
            element.set(key, _DECIMALS.sub(r"\1", value))
        elif key == "style":
            element.set(key, _FAMILY.sub("", value).replace(": ", ":").replace("; ", ";"))
        elif key in {HREF, "clip-path"}:
            element.set(key, _REFERENCE.sub(rf"#{name}-\1", value))


def _describe(group: ET.Element) -> None:
    """Put what a group's id says into attributes."""
    text = group.get("id", "")
    if found := _PLOT.fullmatch(text):
        group.set("data-plot", found[2])
        group.set("class", f"{PLOT} {SIDE}" if found[1] == SIDE else found[1])
    elif text.startswith(AXIS_LABEL):
        group.set("class", AXIS_LABEL)
    elif text.startswith("matplotlib.axis_"):
        group.set("class", "axis")
    elif _TICK.fullmatch(text):
        group.set("class", "tick")
    elif part := part_of(text):
        _describe_part(group, part)


def _describe_part(group: ET.Element, part: Part) -> None:
    group.set("data-moves", part.moves)
    if any(part.offset):
        group.set("data-offset", " ".join(map(str, part.offset)))
    marks = list(_marks(group))
    if part.trials and (len(part.trials) in {1, len(marks)}):
        group.set("data-trials", " ".join(part.trials))
    clips = {clip for clip, _ in marks}
    if len(marks) > 1 and len(clips) == 1:
        _flatten(group, [each for _, each in marks], clips.pop())


def _marks(group: ET.Element, clip: str | None = None) -> Iterator[tuple[str | None, ET.Element]]:
    """What is drawn in a group, without what is only defined there, each with the path that clips it."""
    for child in group:
        if child.tag == f"{{{SVG}}}defs":
            continue
        own = child.get("clip-path", clip)
        if child.tag == f"{{{SVG}}}g":
            yield from _marks(child, own)
        else:
            yield own, child


def _flatten(group: ET.Element, marks: list[ET.Element], clip: str | None) -> None:
    """Put marks of a common clip path directly into their group, which gets the path and the style they share."""
    definitions = [child for element in group.iter(f"{{{SVG}}}defs") for child in element]
    for child in list(group):
        group.remove(child)
    if definitions:
        ET.SubElement(group, f"{{{SVG}}}defs").extend(definitions)
    group.extend(marks)
    if clip:
        group.set("clip-path", clip)
    styles = [each.attrib.pop("style", "").split(";") for each in marks]
    common = [rule for rule in styles[0] if rule and all(rule in style for style in styles)]
    if common:
        group.set("style", ";".join(common))
    for each, style in zip(marks, styles, strict=True):
        each.attrib.pop("clip-path", None)
        if own := ";".join(rule for rule in style if rule not in common):
            each.set("style", own)


def _drop_ids(root: ET.Element, name: str) -> None:
    used = {
        found
        for element in root.iter()
        for key in (HREF, "clip-path")
        for found in _REFERENCE.findall(element.get(key, ""))
    }
    for element in root.iter():
        own = element.attrib.pop("id", "")
        if f"{name}-{own}" in used:
            element.set("id", f"{name}-{own}")
