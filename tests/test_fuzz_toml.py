"""Ten thousand nearly valid files of TOML of each kind: read as promised, or refused in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fuzzing import NUMBERS, Tree, bent_bytes, bent_text, take_each, writes_only_in

from replication import places
from replication.definitions import PACKAGED, Definitions, reading, toml_files
from replication.definitions import records as of_records
from replication.definitions.values import flat
from replication.report import claims, datapackage, dataset, licences, numbers, retelling_rules

ID = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """A kind of TOML file: a valid one, the class that it is read into, and what it promises."""

    path: Path
    kind: Any
    keeps: Callable[[Any], bool]

    def take(self, tables: Any) -> None:
        """Read tables as those of this file."""
        with toml_files.in_file(self.path):
            value = toml_files.validated(self.kind, tables)
        assert self.keeps(value)


def of_definitions(tables: Any, *, whole: bool) -> None:
    """Read tables as definitions of one of the sources, and check that they hold together."""
    with toml_files.in_file(PACKAGED):
        hold_together(reading._definitions(tables, whole=whole))


def hold_together(found: Definitions) -> None:
    """Definitions that were accepted can be written down, and name what they use."""
    json.dumps(dict(flat(found)), allow_nan=False)
    assert all(ID.fullmatch(window.id) for window in (*found.all_windows, found.published_window))
    assert all(w.start <= w.end <= w.last for w in found.all_windows)
    assert all(2016 <= w.start.year <= w.last.year < 2100 for w in found.all_windows)
    assert {"China", "USA", found.family.within} <= {*found.groups}
    assert 1 <= found.inference.replicates <= 1_000_000
    assert found.headline.estimand in {estimand.id for estimand in found.estimands}
    assert found.snapshots.since <= found.snapshots.until


def records_hold(file: of_records.RecordsFile) -> bool:
    """Every record names a folder of its own, and files relative to the folder of records."""
    return all(
        ID.fullmatch(one.id)
        and one.paths
        and not any(path.startswith("/") for path in one.paths)
        and len(one.sha256) in {0, len(one.paths)}
        and (one.date is not None or one.shape not in {"list", "top"})
        for one in file.record
    )


def claims_hold(ledger: claims._Ledger) -> bool:
    """Every claim has a name of its own, and a figure within the bounds of its unit."""
    named = len({one.id for one in ledger.claim}) == len(ledger.claim)
    percents = [float(one.value) for one in ledger.claim if one.unit == "percent"]
    days = [one.period for one in ledger.claim if one.judge == "ahead"]
    return named and all(0 <= x <= 100 for x in percents) and all(map(date.fromisoformat, days))


def texts_hold(file: numbers._NumbersFile) -> bool:
    """Both tables hold text under text."""
    return all(
        isinstance(x, str) for table in (file.rows, file.numbers) for x in (*table, *table.values())
    )


def rules_hold(rules: retelling_rules.Rules) -> bool:
    """Every rule is seen in one way, and every pattern is one."""
    seen = all((bool(r.found) + bool(r.missing) + r.measured) == 1 for r in rules.rule)
    patterns = [pattern for r in rules.rule for pattern in (*r.found, *r.missing, *r.unless)]
    patterns += [pattern for s in rules.subject for pattern in (*s.about, s.asserts)]
    patterns += [one.found for one in (*rules.aside, *rules.unclear)]
    return seen and all(re.compile(pattern) for pattern in patterns)


KINDS = {
    "records": Kind(of_records.PACKAGED_RECORDS, of_records.RecordsFile, records_hold),
    "claims": Kind(places.PAPER / "claims.toml", claims._Ledger, claims_hold),
    "numbers": Kind(places.PAPER / "numbers.toml", numbers._NumbersFile, texts_hold),
    "retelling": Kind(retelling_rules.PATH, retelling_rules.Rules, rules_hold),
    "licences": Kind(licences.SOURCE, licences.Licences, bool),
    "dataset": Kind(dataset.SOURCE, dataset.Contents, bool),
    "columns": Kind(datapackage.COLUMNS, datapackage._ColumnsFile, bool),
}


@pytest.mark.slow  # its smallest number takes a second too
@pytest.mark.parametrize("number", NUMBERS)
def test_definitions(number: int) -> None:
    """Tables of definitions.toml with a value, a key or the structure changed."""
    tree = Tree(toml_files.parse(PACKAGED))
    take_each(
        "definitions",
        number,
        lambda r: (tree.bent(r), r.random() < 0.5),
        lambda given: of_definitions(given[0], whole=given[1]),
        PACKAGED.name,
    )


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", KINDS)
def test_tables(name: str, number: int) -> None:
    """Tables of every other file with a value, a key or the structure changed."""
    kind = KINDS[name]
    tables = toml_files.parse(kind.path)
    tables.get("columns", {}).pop("in", None)  # what a column means in one table alone
    tree = Tree(tables)
    take_each(name, number, tree.bent, kind.take, kind.path.name)


SMALL = """# a comment
[terms."MIT"]
title = 'MIT — “licence”'
url = "https://example.org/\\u00e9"
[[files]]
what = "code"
paths = ["a/*", "b"]
licences = ["MIT"]
note = \"\"\"
two
lines\"\"\"
ours = true
[[elsewhere]]
what = "x"
terms = "y"
[texts]
MIT = "text"
"""


@pytest.mark.parametrize("number", NUMBERS)
def test_text(tmp_path: Path, number: int) -> None:
    """The text of a file, with letters or bytes changed, cut off, in another encoding or nested deep."""
    path = tmp_path / "small.toml"

    def make(r: Random) -> bytes:
        if r.random() < 0.02:
            return f"a = {'[' * r.choice([10, 1_000, 50_000])}".encode()
        if r.random() < 0.02:
            return SMALL.encode(
                r.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig"]), "replace"
            )
        text = bent_text(r, SMALL) if r.random() < 0.6 else SMALL
        data = text.encode()
        return data if r.random() < 0.4 else bent_bytes(r, data)

    def take(data: bytes) -> None:
        path.write_bytes(data)
        found = toml_files.read(licences.Licences, path)
        assert all(isinstance(one.ours, bool) for one in found.files)

    with writes_only_in(tmp_path):
        take_each("toml", number, make, take, path.name)


def test_a_value_at_the_top_of_a_file_is_named() -> None:
    """Of a file whose values stand in no table, the key is named too."""
    tree = toml_files.parse(dataset.SOURCE)
    for key, value in (("title", 5), ("keywords", ["a", 5])):
        with pytest.raises(toml_files.DefinitionError, match=f"{key} = 5 is not of type str"):
            toml_files.validated(dataset.Contents, tree | {key: value})


@pytest.mark.parametrize("text", ["a/b", "../x", "a b", "", "a\n", "<b>", "é"])
def test_an_id_is_a_plain_name(text: str) -> None:
    """A window's id is part of the names of columns, which a slash would part."""
    tables = toml_files.parse(PACKAGED)
    tables["window"][0] = tables["window"][0] | {"id": text}
    with pytest.raises(toml_files.DefinitionError, match="has another form"):
        reading._definitions(tables, whole=False)


def test_a_pattern_that_is_none_is_named() -> None:
    """A rule on sentences with a pattern that cannot be one is refused when it is read."""
    tables = toml_files.parse(retelling_rules.PATH)
    tables["subject"][0] = tables["subject"][0] | {"asserts": "(a"}
    with pytest.raises(toml_files.DefinitionError, match="pattern"):
        toml_files.validated(retelling_rules.Rules, tables)
