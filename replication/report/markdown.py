"""Pipe tables and signed points: how a table of the paper is written in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

Row = Sequence[str]


def markdown(header: Row, rows: Sequence[Row], widths: Sequence[int]) -> str:
    """Format a pipe table; `widths` are the relative widths of its left-aligned columns."""
    lines = [header, [":" + "-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def signed(fraction: float) -> str:
    """Points with a sign."""
    return f"{'−' if fraction < 0 else '+'}{abs(100 * fraction):.1f}"


def _cell(text: str) -> str:
    return str(text).replace("|", "/").replace("\n", " ")
