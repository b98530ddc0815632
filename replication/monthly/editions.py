"""Which definitions, registry and code the windows were computed with, and what a change of them did.

An edition is a copy of the definitions and of the evidence, with the hash of the code. When one of
the three has changed, the newest window is computed again from the same readings, with one of them
changed after the other; what that moves is written down once, since the older code is then gone.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from replication.attribution import registry, rules
from replication.definitions import PACKAGED, Definitions, load_definitions
from replication.definitions.values import flat
from replication.errors import DefinitionError
from replication.files import copy_file, sha256_bytes, sha256_file
from replication.meaning import meaning_of
from replication.monthly.changes import EDITED, Step
from replication.monthly.window import Evidence, Figures
from replication.places import PACKAGE

FOLDER = "edition"
_DEFINITIONS = "definitions.toml"
_EVIDENCE = ("registry.csv", "namespaces.csv", "rules.csv")
_LAYERS = ("definitions", "sources", "panel", "attribution", "inference", "analysis", "monthly")
ATTRIBUTION, DEFINITIONS, CODE = EDITED
Compute = Callable[[Definitions, Evidence], Figures]


@dataclass(frozen=True)
class Edition:
    """Definitions and evidence, and where their files lie.

    Attributes
    ----------
    definitions_file
        definitions.toml or another file of definitions.
    evidence_folder
        Folder of registry.csv, namespaces.csv and rules.csv.
    code
        Hash of the meaning of the code.
    """

    definitions_file: Path
    evidence_folder: Path
    code: str

    @classmethod
    def present(cls, definitions: Path = PACKAGED) -> Edition:
        """What the package computes with now."""
        return cls(definitions, PACKAGE / "data", _code())

    @classmethod
    def kept(cls, folder: Path, keys: Mapping[str, str]) -> Edition:
        """What windows were computed with, as `keep` left it."""
        home = _home(folder, keys)
        return cls(home / _DEFINITIONS, home, keys[CODE])

    def keep(self, folder: Path) -> None:
        """Copy the files into the folder of the record, beside those of other editions."""
        home = _home(folder, self.keys)
        copy_file(self.definitions_file, home / _DEFINITIONS)
        for name in _EVIDENCE:
            copy_file(self.evidence_folder / name, home / name)

    def keep_alone(self, folder: Path) -> None:
        """Remove the files of all other editions."""
        for path in (folder / FOLDER).glob("*"):
            if path != _home(folder, self.keys):
                shutil.rmtree(path)

    @cached_property
    def definitions(self) -> Definitions:
        """The definitions."""
        return load_definitions(self.definitions_file)

    @cached_property
    def evidence(self) -> Evidence:
        """The evidence, read with the country groups of the definitions."""
        return self.evidence_under(self.definitions)

    def evidence_under(self, definitions: Definitions) -> Evidence:
        """The evidence, read with the country groups of other definitions."""
        folder = self.evidence_folder
        return Evidence(
            registry.load(definitions.group_of, folder / _EVIDENCE[0]),
            rules.load(folder / _EVIDENCE[2]),
        )

    @cached_property
    def keys(self) -> dict[str, str]:
        """Hash of each part by its name."""
        files = (self.evidence_folder / name for name in _EVIDENCE)
        return {
            ATTRIBUTION: sha256_bytes("\n".join(map(sha256_file, files)).encode()),
            DEFINITIONS: sha256_bytes(repr(list(flat(self.definitions))).encode()),
            CODE: self.code,
        }


def _home(folder: Path, keys: Mapping[str, str]) -> Path:
    """Where the files of an edition lie."""
    name = sha256_bytes("".join(keys[part] for part in EDITED).encode())
    return folder / FOLDER / name[:12]


def _code() -> str:
    """Hash of what the code means that figures depend on."""
    digest = hashlib.sha256()
    for layer in _LAYERS:
        for path in sorted((PACKAGE / layer).rglob("*.py")):
            digest.update(meaning_of(path).encode())
    return digest.hexdigest()


def steps(old: Edition, old_keys: Mapping[str, str], new: Edition, compute: Compute) -> list[Step]:
    """The figures of the same readings, with one part after the other changed from old to new.

    Code comes first, then definitions, then the attribution; what has not changed makes no step. Where
    the code reads the older definitions no more, both make one step, named as the code's.
    """
    changed = {name for name in EDITED if old_keys.get(name) != new.keys[name]}
    made = []
    try:
        older = old.definitions
    except DefinitionError:
        older, changed = new.definitions, (changed - {DEFINITIONS}) | {CODE}
    if CODE in changed:
        made.append(Step(CODE, compute(older, old.evidence_under(older))))
    if DEFINITIONS in changed:
        under = old.evidence_under(new.definitions)
        made.append(Step(DEFINITIONS, compute(new.definitions, under)))
    if ATTRIBUTION in changed:
        made.append(Step(ATTRIBUTION, compute(new.definitions, new.evidence)))
    return made
