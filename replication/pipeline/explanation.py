"""How an output came to be: what made it, what that read, and so on up to the source.

The function, the tables and the files that it reads follow from the code (tables.py, the figures); when a
stage ran, on what and by which versions follows from the records that the stages left in build/stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from replication import kinds, tables
from replication.definitions import PACKAGED
from replication.errors import SourceError
from replication.files import read_json, sha256_file
from replication.functions import named, place_of
from replication.kinds import BUNDLED, SNAPSHOTS
from replication.pipeline import STAGES
from replication.pipeline.analysis_inputs import FILES
from replication.places import IN_REPOSITORY, ROOT
from replication.run import Run
from replication.sources.bundled import FOLDER, WINDOW_SIDECAR
from replication.stages import record_of, recorded_name

OUTPUTS = {"results": tables.ANALYSIS, "figures": "figures", "paper": "paper", "page": "page"}
"""Folders of outputs and the stage that writes what lies there, where no record says so."""
MAKERS = (
    ("paper/in_short.json", "replication.report.short.write", "the finding in short, as `summary` prints it"),
    ("paper/*", "replication.report.render.render", "a document in one of its forms, its keys filled with numbers"),
    ("page/*", "replication.report.page.build.page", "the page on which a reader changes the choices"),
    ("figures/*", "replication.plots.draw_all", ""),
    ("results/numbers.json", "replication.report.numbers.collect", "every number of the text, with its cell"),
    ("results/manifest.json", "replication.pipeline.fetch_stage.fetch", "what was read, from where and when"),
    ("results/run.json", "replication.run_record.write", "the version, the definitions and the hashes of the run"),
    ("README.md", "replication.report.readme.update", "its generated blocks"),
    ("docs/CLAIMS.md", "replication.report.readme.update", "its generated blocks"),
    ("docs/PROVENANCE.md", "replication.report.provenance.write", ""),
    ("results/README.md", "replication.report.codebook.write", ""),
    ("datapackage.json", "replication.report.datapackage.write", ""),
    ("LICENSE", "replication.report.licences.write", ""),
)  # fmt: skip
"""Outputs that are neither tables nor drawn figures: the function that makes each, and what it holds."""
_ADDRESS = ("id", "citation", "url", "commit", "sha256")


@dataclass(frozen=True)
class Part:
    """One thing that an output depends on, with what it depends on in turn.

    Attributes
    ----------
    name
        A file, a table or an input, by its name in the run.
    says
        What it holds.
    made_by
        The function that makes it, with file and line; empty for a file that nothing of this project makes.
    parts
        What it is made of; empty where it was said before.
    """

    name: str
    says: str = ""
    made_by: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class StageRun:
    """One stage on the way from the source: when it ran, with what, and what it read from outside.

    Attributes
    ----------
    made
        Version, Python, time and seconds, by name; empty where no record is left.
    inputs
        SHA-256 of each file that it read and that no stage before it wrote, by name.
    """

    name: str
    made: Mapping[str, Any]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Explanation:
    """How one output came to be.

    Attributes
    ----------
    part
        The output with what it is made of.
    state
        Whether it is what the stage wrote.
    stages
        The stages up to the one that wrote it, in order.
    sources
        The data behind the first stage: citation, address, commit and hash of each.
    """

    part: Part
    state: str
    stages: tuple[StageRun, ...]
    sources: tuple[Mapping[str, str], ...]


def explain(out: Path, asked: str) -> Explanation:
    """Explain an output of a run.

    Parameters
    ----------
    out
        Folder of the run.
    asked
        An output: its path, its name in the run (results/claims.csv), the name of a result table or
        figure, or the key of a number of the text.

    Raises
    ------
    SourceError
        The run holds no such output.
    """
    trail = _Trail(out)
    is_table = any(table.name == asked for table in tables.TABLES)  # a key may be named like one
    number = None if is_table else trail.numbers.get(asked)
    path = out / number["table"] if number else trail.found(asked)
    name = path.relative_to(out).as_posix()
    stage = trail.stage_of(name)
    part = trail.output(name)
    if number:
        part = Part(asked, f"{number['display']}: {number['cell']}", "", (part,))
    return Explanation(
        part,
        trail.state(stage, name),
        tuple(trail.until(stage)),
        tuple(trail.sources()),
    )


class _Trail:
    """The files of one run and what is known of their making."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.records: dict[str, dict[str, Any]] = {
            stage: record_of(out, stage) for stage in kinds.STAGES
        }
        self._told: set[str] = set()

    @cached_property
    def numbers(self) -> Mapping[str, Any]:
        """The numbers of the text; empty where the run has none yet."""
        path = self.out / "results" / tables.NUMBERS
        return read_json(path) if path.is_file() else {}

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What was fetched."""
        path = self.out / "results" / "manifest.json"
        return read_json(path) if path.is_file() else {}

    @property
    def whole(self) -> bool:
        """Whether the run is on the whole Hub."""
        return self.manifest.get("source") == SNAPSHOTS

    def found(self, asked: str) -> Path:
        """The file that is meant, inside the run."""
        names = (asked, f"results/{asked}", f"results/{asked}.csv", f"figures/{asked}.svg")
        for path in (Path(asked), *(self.out / name for name in names)):
            whole = path.resolve()
            inside = whole.is_file() and whole.is_relative_to(self.out)
            if inside and self._is_output(whole.relative_to(self.out).as_posix()):
                return whole
        raise SourceError(
            f"{asked} is no output of the run in {self.out}",
            "name a file of its results, figures, paper or page, a result table, a figure or a number's key; "
            "--run names another run",
        )

    def _is_output(self, name: str) -> bool:
        """Whether a stage wrote the file, or would write it."""
        written = any(name in record.get("outputs", {}) for record in self.records.values())
        return written or Path(name).parts[0] in OUTPUTS

    def stage_of(self, name: str) -> str:
        """The stage that wrote a file."""
        writers = [s for s, record in self.records.items() if name in record.get("outputs", {})]
        if writers:
            return writers[-1]
        file = Path(name)
        row = next(
            (table for table in tables.of(whole=self.whole) if table.file == file.name), None
        )
        return row.stage if row and file.parts[0] == "results" else OUTPUTS[file.parts[0]]

    def state(self, stage: str, name: str) -> str:
        """Whether the file is what the stage wrote."""
        digest = self.records[stage].get("outputs", {}).get(name)
        if digest is None:
            return f"no record of the stage {stage} is left here; the code makes it as follows"
        if sha256_file(self.out / name) != digest:
            return f"changed since the stage {stage} wrote it"
        return f"as the stage {stage} wrote it"

    def output(self, name: str) -> Part:
        """An output with what it is made of."""
        file = Path(name)
        if file.parts[0] == "results" and any(
            file.name == table.file for table in tables.of(whole=self.whole)
        ):
            return self._table(file.stem)
        if file.parts[0] == "figures" and file.stem != "figures":
            return self._figure(name)
        return self._other(name)

    def _other(self, name: str) -> Part:
        """An output that is no table: its function, else its stage's, and what that stage reads."""
        stage = self.stage_of(name)
        action = next(one for one in STAGES if one.name == stage).action
        made = next((row for row in MAKERS if fnmatch(name, row[0])), None)
        by = named(made[1]) if made else action
        return Part(name, made[2] if made else "", where(by), tuple(self._inputs(stage)))

    def _table(self, name: str) -> Part:
        """A result table, with the tables and inputs that its function reads."""
        row = tables.row(name, whole=self.whole)
        file = f"results/{row.file}"
        if file in self._told:
            return Part(file, "as above")
        self._told.add(file)
        if row.kept:
            return Part(file, row.sentence, "", (Part(f"replication/data/{row.file}"),))
        read = [
            one
            for argument in row.arguments
            for one in (argument if isinstance(argument, list) else [argument])
        ]
        parts = tuple(part for one in read for part in self._read(one, row.stage))
        parts = parts or tuple(self._inputs(row.stage))
        return Part(file, row.sentence, where(named(row.function)), parts)

    def _read(self, name: str, stage: str) -> Iterator[Part]:
        """What an argument of a table's function is made of."""
        if any(table.name == name for table in tables.of(whole=self.whole)):
            yield self._table(name)
            return
        root = name.partition(".")[0]
        if root == "progress":
            return
        if stage == tables.ANALYSIS and root in FILES:
            parts = () if root in self._told else tuple(self._file(file) for file in FILES[root])
            yield Part(name, "" if parts else "as above", "", parts)
            self._told.add(root)
        elif root == "definitions" or stage == tables.ANALYSIS:
            yield Part(name)
        else:
            yield Part(name, f"of what the stage {stage} reads")

    def _file(self, name: str) -> Part:
        """A file that an input is read from: a result table with its own parts, or another file."""
        if name.startswith("results/") and name.endswith(".csv"):
            return self._table(Path(name).stem)
        return Part(name, self._writer(name))

    def _writer(self, name: str) -> str:
        """Which stage writes a file between the stages."""
        folders = {
            "build/source": "fetch",
            "build/panel": "panel",
            "build/attributed": "attribution",
        }
        stage = folders.get(Path(name).parent.as_posix(), "")
        return f"written by the stage {stage}" if stage else ""

    def _figure(self, name: str) -> Part:
        """A figure, with the tables that drawing it reads."""
        from replication.definitions import load_definitions
        from replication.plots import FIGURES, style
        from replication.plots.results import Results

        figure = Path(name).stem
        if figure not in FIGURES:
            return self._other(name)
        results = Results.read(self.out / "results", whole=self.whole)
        definitions = load_definitions(whole=self.whole)
        with style.context(definitions):
            drawn = FIGURES[figure](results, definitions)
        parts = tuple(self._table(table) for table in results.tables)
        return Part(name, drawn.title, where(FIGURES[figure]), parts)

    def _inputs(self, stage: str) -> Iterator[Part]:
        """Files that a stage read, those of a folder together."""
        folders: dict[str, list[str]] = {}
        for name in self._read_by(stage):
            folders.setdefault(Path(name).parent.as_posix(), []).append(name)
        for folder, names in folders.items():
            yield Part(f"{folder}/", f"{len(names)} files", "", tuple(Part(n) for n in names))

    def _read_by(self, stage: str) -> Mapping[str, str]:
        """Hashes of the files that a stage read, by name: as recorded, or as the repository has them."""
        recorded = self.records[stage].get("inputs")
        if recorded:
            return dict(recorded)
        if not (IN_REPOSITORY and self.out == ROOT):
            return {}
        run = Run(BUNDLED, ROOT, PACKAGED)
        chosen = next(one for one in STAGES if one.name == stage)
        paths = [path for path in chosen.inputs(run) if path.is_file()]
        return {recorded_name(path, run): sha256_file(path) for path in paths}

    def until(self, last: str) -> Iterator[StageRun]:
        """The stages up to one, each with what it read that no stage before it wrote."""
        written: set[str] = set()
        for stage in STAGES:
            read = self._read_by(stage.name)
            outside = {
                name: digest
                for name, digest in read.items()
                if name not in written and not name.startswith(("build/", "results/"))
            }
            yield StageRun(stage.name, self.records[stage.name].get("made", {}), outside)
            written |= set(self.records[stage.name].get("outputs", {}))
            if stage.name == last:
                return

    def sources(self) -> Iterator[dict[str, str]]:
        """The data behind the run, with their addresses and hashes."""
        if self.manifest:
            names = ("title", "citation", "url", "revision", "filename", "sha256")
            yield {key: str(self.manifest[key]) for key in names if self.manifest.get(key)}
        if self.whole:
            return
        recorded = self.out / "build" / "source" / "records" / "records_manifest.json"
        sidecar = recorded if recorded.is_file() else FOLDER / WINDOW_SIDECAR
        for one in read_json(sidecar)["records"]:
            yield {key: str(one[key]) for key in _ADDRESS if one.get(key)}


def where(function: Any) -> str:
    """A function by its dotted name, with its file and line."""
    path, line = place_of(function)
    return f"{function.__module__}.{function.__qualname__} ({path}:{line})"
