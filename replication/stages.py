"""The chain of stages, each skipped when the content of what it reads is unchanged.

A stage's key is the hash of its input files, of the code that it may run, of the definitions and of
the locked packages: content, never time stamps, which mean nothing after a clone. Of code and
definitions counts what they mean: a comment, a docstring or the words of the terminal run nothing again.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from replication import __version__
from replication.definitions.values import changes, flat
from replication.errors import StageOrderError
from replication.files import PART, sha256_file, write_json
from replication.meaning import meaning_of
from replication.places import DISTRIBUTION, IN_REPOSITORY, PACKAGE, ROOT
from replication.run import Run

CODE = {".py", ".sql"}
MADE = ".made.json"
"""Ending of the file that tells when and on what a stage ran: no other file of a run differs from run to run."""
SETTLED = 2_000_000_000
"""Nanoseconds after which a file's time tells one change from the next, on every file system."""
_DIGESTS: dict[tuple[object, ...], str] = {}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """One arrow of the way of the data.

    Attributes
    ----------
    name
        Name of the stage, of its Make target and of its command.
    layers
        Sub-packages whose code it may run, beside the modules of the package's own folder and `pipeline`.
    inputs
        Files that it reads.
    action
        Does the work and returns the files that it wrote.
    names_lines
        Whether its outputs name lines of code, so that every byte of the code counts.
    """

    name: str
    layers: tuple[str, ...]
    inputs: Callable[[Run], Iterable[Path]]
    action: Callable[[Run, Progress], list[Path]]
    names_lines: bool = False

    @classmethod
    def of(
        cls,
        action: Callable[[Run, Progress], list[Path]],
        inputs: Callable[[Run], Iterable[Path]],
        *layers: str,
    ) -> Stage:
        """The stage of an action, named by it."""
        return cls(action.__name__, layers, inputs, action)


def execute(
    stage: Stage,
    run: Run,
    progress: Progress,
    *,
    force: bool = False,
    before: Callable[[Stage], None] = lambda _: None,
) -> bool:
    """Run `stage` unless its outputs stand for the same inputs; return whether it ran.

    `before` is called with the stage where it runs, before it does.
    """
    path = run.stages / f"{stage.name}.json"
    record = _read(path)
    inputs = [*stage.inputs(run)]
    _require_earlier(inputs, run)
    code = _code_of(stage, record)
    read = [(recorded_name(path, run), _content(path)) for path in inputs]
    key = _key(stage, run, code["meaning"], (digest for _, digest in read))
    may_have_moved = stage.name == "fetch" and run.unsettled
    if not force and not may_have_moved and _stands(record, key, run.out):
        return False
    before(stage)
    _sweep(run)
    began = datetime.now(UTC)
    outputs = stage.action(run, progress)
    hashes = {str(p.relative_to(run.out)): sha256_file(p) for p in outputs}
    write_json(run.stages / f"{stage.name}{MADE}", _made(run, began))
    write_json(path, {"key": key, "code": code, "inputs": dict(read), "outputs": hashes})
    return True


def _require_earlier(inputs: Iterable[Path], run: Run) -> None:
    """Refuse at once to run on what the stages before have not made in this folder."""
    for path in inputs:
        if path.parent in {run.panel, run.attributed} and not path.is_file():
            raise StageOrderError(
                f"{path} is missing: the stages before this one have not run in {run.out}",
                "run them first: make all, with the same OUT, DATA and DEFINITIONS",
            )


def record_of(out: Path, name: str) -> dict[str, Any]:
    """What a stage left on its last run in a folder: hashes of inputs and outputs, and what made them.

    It is empty where the stage has not run there. `made` has the version, Python, system, time, seconds,
    options, seed and the definitions that are not the packaged ones.
    """
    folder = out / "build" / "stages"
    record = _read(folder / f"{name}.json")
    return {**record, "made": _read(folder / f"{name}{MADE}")} if record else {}


def recorded_name(path: Path, run: Run) -> str:
    """Name of an input in a record: relative to the run or to the repository, else its own alone."""
    for folder in (run.out, ROOT):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def _made(run: Run, began: datetime) -> dict[str, Any]:
    """What a stage ran on and with."""
    asked = (run.revision, run.filename, run.since, run.until)
    options = dict(zip(("revision", "file", "since", "until"), map(str, asked), strict=True))
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "began": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds(), 1),
        "source": run.kind,
        "options": {name: text for name, text in options.items() if text not in {"", "None"}},
        "seed": run.definitions.inference.seed,
        "definitions": {name: str(pair[0]) for name, pair in changes(run.definitions).items()},
    }


def _read(path: Path) -> dict[str, Any]:
    """The record of a stage; empty where there is none that can be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _code_of(stage: Stage, record: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of the stage's code by its bytes and by its meaning.

    Code is parsed only where its bytes are not those of the record.
    """
    paths = files_of_code(stage)
    content = _hash(_content(path) for path in paths)
    known = record.get("code")
    if isinstance(known, dict) and known.get("content") == content and known.get("meaning"):
        return {"content": content, "meaning": str(known["meaning"])}
    meaning = content if stage.names_lines else _hash(_meaning(path) for path in paths)
    return {"content": content, "meaning": meaning}


def _hash(texts: Iterable[str]) -> str:
    """One hash of several texts."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()


def _sweep(run: Run) -> None:
    """Remove what a run that was killed was writing: it is whole nowhere, and nothing reads it."""
    for folder in (run.out / "build", run.results, run.figures, run.paper, run.page):
        for path in folder.rglob(f".*{PART}"):
            path.unlink(missing_ok=True)


def _key(stage: Stage, run: Run, code: str, read: Iterable[str]) -> str:
    """Hash of everything that the outputs of `stage` depend on: its code, and the files that it reads."""
    options = (run.revision, run.filename, run.since, run.until, run.engine)
    asked = (stage.name, run.kind, *options)
    return _hash(
        [
            "\n".join(map(str, asked)),
            repr(list(flat(run.definitions))),
            code,
            *read,
            _packages(),
        ]
    )


def _packages() -> str:
    """The packages that the code runs on: the repository's lock, or those that are installed."""
    if IN_REPOSITORY:
        return _content(ROOT / "requirements.lock")
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return ""
    return "\n".join(map(_version, sorted(line for line in wanted if "extra ==" not in line)))


def _version(requirement: str) -> str:
    """Name and version of an installed package that a requirement names."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _content(path: Path) -> str:
    """Hash of a file; where it cannot be read, the stage that needs it says so."""
    try:
        return _digest(path) if path.is_file() else "missing"
    except OSError:
        return "unreadable"


def _digest(path: Path) -> str:
    """SHA-256 of a file: several stages name the same ones, and one that lies unchanged is read once.

    As in git's index, its place, size and times tell that it is unchanged, unless it was written so shortly
    before it was read that another change could have the same time.
    """
    now, at = time.time_ns(), path.stat()
    seen = (path, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
    if seen in _DIGESTS:
        return _DIGESTS[seen]
    digest = sha256_file(path)
    if max(at.st_mtime_ns, at.st_ctime_ns) < now - SETTLED:
        _DIGESTS[seen] = digest
    return digest


def _meaning(path: Path) -> str:
    """What a file of code means; where it cannot be read, running it says so."""
    try:
        return meaning_of(path)
    except OSError:
        return "unreadable"


def files_of_code(stage: Stage) -> list[Path]:
    """Code of the stage's layers, of the pipeline and of the package's own folder, in sorted order."""
    folders = [PACKAGE / layer for layer in ("pipeline", *stage.layers)]
    paths = [path for folder in folders for path in folder.rglob("*.*") if path.suffix in CODE]
    return sorted([*PACKAGE.glob("*.py"), *paths])


def _stands(record: Mapping[str, Any], key: str, out: Path) -> bool:
    """Whether `record` has this key and every output still has the content that it names."""
    try:
        outputs = {out / name: digest for name, digest in record["outputs"].items()}
        same = all(path.is_file() and _digest(path) == d for path, d in outputs.items())
        return bool(record["key"] == key and same)
    except (OSError, KeyError, TypeError, AttributeError):
        return False
