"""Figures as the HTML documents hold them: small drawings."""

from __future__ import annotations

import re
from pathlib import Path

from replication.files import read_text

FOLDER = "html"


def prepare(figures: Path, names: list[str]) -> None:
    """Write the smaller form of each named figure to a folder of its own in `figures`."""
    made = figures / FOLDER
    made.mkdir()
    for name in names:
        bare = figures / "bare" / f"{name}.svg"
        drawing = bare if bare.is_file() else figures / f"{name}.svg"
        (made / f"{name}.svg").write_bytes(slim(read_text(drawing)).encode())


def slim(drawing: str) -> str:
    """An SVG that shows the same in half of the bytes.

    Coordinates have two decimals, names are short and stand only where they are referred to, and what
    describes the file is left out.
    """
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    text = re.sub(r"(\b[1-9]\d*\.\d\d)\d+", r"\1", text)
    text = re.sub(r"\s+", " ", text).replace("> <", "><").replace("xlink:href", "href")
    text = re.sub(r'(<use [^>]*)transform="translate\((-?[\d.]+) 0\)"', r'\1x="\2"', text)
    return _short_names(text)


def _short_names(text: str) -> str:
    """Rename what is referred to, and take the names of the rest away."""
    used = dict.fromkeys(re.findall(r'(?:url\(|href=")#([^")]+)', text))
    short = {name: f"n{number:x}" for number, name in enumerate(used)}
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{short[m[1]]}"' if m[1] in used else "", text)
    return re.sub(r'(url\(|href=")#([^")]+)', lambda m: f"{m[1]}#{short[m[2]]}", text)
