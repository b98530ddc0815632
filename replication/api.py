"""What a notebook wants: results, the panel, the registry, intervals for data of one's own, figures.

``import replication`` offers these functions; nothing is imported before one of them is asked for.
docs/API.md shows each of them at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from replication import files, places
from replication.attribution import registry
from replication.definitions import load_definitions
from replication.errors import ContractError, DegenerateDataError, SourceError
from replication.inference import intervals
from replication.inference.bootstrap import Bootstrap
from replication.inference.cells import HALVES, Cells, cells_of
from replication.inference.statistics import Statistics
from replication.kinds import SNAPSHOTS
from replication.panel import table as panel
from replication.sources import bundled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from replication.plots.style import Drawing

COLUMNS = ("developer", "group", "downloads")


@dataclass(frozen=True)
class Results(Mapping[str, pd.DataFrame]):
    """The result tables of a run by their names, each read when it is asked for.

    Attributes
    ----------
    folder
        Where the tables lie.
    """

    folder: Path

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in set(self):
            raise KeyError(f"{name}: the tables of {self.folder} are {', '.join(self)}")
        return files.read_csv(self.folder / f"{name}.csv")

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self.folder.glob("*.csv")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read_results(folder: Path | str | None = None) -> Results:
    """Read the results of a run.

    Parameters
    ----------
    folder
        Folder of the run, or of its results. Default: the results of the bundled panel.

    Raises
    ------
    SourceError
        No results lie there.
    """
    run = Path(folder) if folder else places.home()
    results = Results(run / "results" if (run / "results").is_dir() else run)
    if not results:
        raise SourceError(f"{run} holds no results", "make them: make all, or name another folder")
    return results


def read_panel(folder: Path | str | None = None) -> panel.Panel:
    """Read a panel: first-year downloads of each repository and of each week.

    Parameters
    ----------
    folder
        Folder of a run. Default: the panel that the package carries.
    """
    return panel.read(Path(folder) / "build" / "panel" if folder else bundled.FOLDER)


def read_registry(path: Path | str | None = None) -> registry.Registry:
    """Read the registry of developers, every row checked.

    Parameters
    ----------
    path
        Another registry.csv. Default: the one that the package carries.

    Raises
    ------
    RegistryError
        A row is malformed; the message names its line.
    """
    return registry.load(load_definitions().group_of, Path(path) if path else registry.DEFAULT)


def estimate(
    table: pd.DataFrame,
    first: str,
    second: str,
    *,
    unattributed: Sequence[str] = (),
    replicates: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Estimate shares of groups and the lead between two of them, with intervals by developer.

    Parameters
    ----------
    table
        One row a developer and group, or several that are summed: ``developer, group, downloads``.
        The groups may have any names.
    first, second
        The two groups whose lead is estimated.
    unattributed
        Groups that stand for downloads of nobody known. Bounds then give them wholly to one side.
    replicates, level, seed
        Number of bootstrap replicates, nominal coverage, and root of the seeds.

    Returns
    -------
    pandas.DataFrame
        One row a statistic and method: ``statistic, method, point, lower, upper, note`` and of all
        developers ``n_developers`` and ``n_effective``. Statistics are the share of every group,
        ``first − second`` and ``first / second``; shares and the lead are fractions. Methods are
        the percentile cluster bootstrap, the delete-one jackknife on the logit scale, the range
        with any one developer left out and, where groups are unattributed, worst-case bounds.

    Raises
    ------
    ContractError
        The table lacks a column, or a number of downloads is not a count.
    DegenerateDataError
        A side has no downloads, or only one developer has any.
    """
    cells = _cells(table, first, second)
    missing = [name for name in unattributed if name not in cells.groups]
    if missing:
        raise ContractError(f"no row is of the group {missing[0]!r}", "name groups of the table")
    engine = Bootstrap(
        cells.counts // HALVES,  # the table has whole downloads
        Statistics(cells.groups, (first, second), "family", first, tuple(unattributed)),
        replace(
            load_definitions().inference,
            replicates=replicates, chunk=min(500, replicates), level=level, seed=seed,
        ),
    )  # fmt: skip
    without = engine.without_each
    made = [engine.percentile(), engine.jackknife()]
    made.append(engine.exact("leave-one-out", intervals.leave_one_out_range(without, without)))
    if unattributed:
        ends = engine.statistics.bounds(engine.counts.sum(axis=0))
        made.append(engine.exact("bounds", ends))
    names = engine.statistics.names[:-1]  # all but the family
    parts = [
        one.to_frame().iloc[: len(names)].assign(statistic=names, method=one.method) for one in made
    ]
    sizes = cells.sizes / HALVES
    rows = pd.concat(parts, ignore_index=True)[
        ["statistic", "method", "point", "lower", "upper", "note"]
    ]
    effective = sizes.sum() ** 2 / (sizes**2).sum()
    return rows.assign(n_developers=len(sizes), n_effective=effective)


def _cells(table: pd.DataFrame, first: str, second: str) -> Cells:
    """Cells by developer and group, the groups in the order of the table."""
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise ContractError(f"the table has no column {missing[0]}", f"give {', '.join(COLUMNS)}")
    downloads = table["downloads"]
    if not pd.api.types.is_integer_dtype(downloads) or (downloads < 0).any():
        raise ContractError("downloads are not counts", "give whole numbers of at least 0")
    for side in (first, second):
        if not downloads[table["group"] == side].any():
            raise DegenerateDataError(f"nothing of {side} was downloaded", "name another group")
    cells = cells_of(table, "developer", tuple(dict.fromkeys(table["group"])))
    if len(cells.units) < 2:
        raise DegenerateDataError("one developer has all downloads", "give several developers")
    return cells


def draw(
    name: str,
    to: Axes | Path | str | None = None,
    *,
    folder: Path | str | None = None,
    definitions: Path | str | None = None,
) -> Drawing:
    """Draw one figure of the paper from the results of a run.

    Parameters
    ----------
    name
        Name of the figure, such as window_pair.
    to
        A file to write, whose ending is .svg, .pdf or .png; or axes, which show it as a picture.
    folder
        Folder of the run, as in `read_results`.
    definitions
        The definitions that the run was made with. Default: the packaged ones.

    Raises
    ------
    SourceError
        There is no such figure, or a file has another ending.
    """
    from replication.definitions import PACKAGED
    from replication.plots import figures_of, rendered, style
    from replication.plots.results import Results as Tables

    results = read_results(folder).folder
    whole = files.read_json(results / "manifest.json")["source"] == SNAPSHOTS
    chosen = load_definitions(Path(definitions or PACKAGED), whole=whole)
    figures = figures_of(chosen)
    if name not in figures:
        raise SourceError(f"there is no figure {name!r}", f"name one of {', '.join(figures)}")
    with style.context(chosen):
        figure = figures[name](Tables.read(results, whole=whole), chosen)
        if isinstance(to, Path | str):
            suffix = Path(to).suffix.removeprefix(".")
            if suffix not in {"svg", "pdf", "png"}:
                raise SourceError(f"{to} is no .svg, .pdf or .png", "give the file such an ending")
            files.write_bytes(Path(to), rendered(figure, suffix))
        elif to is not None:
            _show(figure, to)
    return figure


def _show(figure: Drawing, axes: Axes) -> None:
    """Show a figure as a picture in axes."""
    import io

    from matplotlib import image

    from replication.plots import rendered

    axes.imshow(image.imread(io.BytesIO(rendered(figure, "png")), format="png"))
    axes.set_axis_off()
