"""The registry of developers: the shipped tables, who has a namespace when, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pytest

from replication.attribution import registry
from replication.attribution.evidence_csv import is_date, is_url, read_rows
from replication.attribution.registry import Developer, Namespace, Registry
from replication.definitions import load_definitions
from replication.errors import RegistryError

DEFINITIONS = load_definitions()
HEADER = [field.name for field in fields(Developer)]
FURTHER_HEADER = [field.name for field in fields(Namespace)]
SHIPPED = (registry.DEFAULT, registry.NAMESPACES)
# Synthetic rows: a developer with evidence, one without, and a further namespace.
ACME = {
    "developer": "Acme",
    "namespaces": "acme acme-labs",
    "country": "FR",
    "sector": "company",
    "basis": "headquarters",
    "evidence_url": "https://acme.example/about",
    "date_read": "2026-11-23",
    "confidence": "high",
    "note": "The page says Paris.",
}
NOBODY = {
    "developer": "Nobody",
    "namespaces": "nobody",
    "country": "unknown",
    "sector": "individual",
    "confidence": "none",
    "note": "Nothing found.",
}
OTHER = ACME | {"developer": "Other", "namespaces": "other", "country": "US"}
OLD_NAME = {
    "namespace": "acme-old",
    "developer": "Acme",
    "relation": "renamed",
    "evidence_url": "https://acme.example/renamed",
    "date_read": "2026-11-23",
    "note": "The page tells the older name.",
}
SOLD = OLD_NAME | {"namespace": "shop", "relation": "transferred", "valid_until": "2025-03-15"}
BOUGHT = SOLD | {"developer": "Other", "valid_from": "2025-03-15", "valid_until": ""}


def as_csv(header: Iterable[str], rows: Iterable[dict[str, str]]) -> str:
    """Write rows under a header, with empty cells for the columns that a row leaves out."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(header), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def loaded(folder: Path, rows: Iterable[dict[str, str]], further: list[dict[str, str]]) -> Registry:
    """Load a registry of synthetic rows; without further namespaces there is no second file."""
    (folder / "registry.csv").write_bytes(as_csv(HEADER, rows).encode())
    if further:
        (folder / "namespaces.csv").write_bytes(as_csv(FURTHER_HEADER, further).encode())
    return registry.load(DEFINITIONS.group_of, folder / "registry.csv")


def refused(
    folder: Path, rows: Iterable[dict[str, str]], further: Iterable[dict[str, str]] = ()
) -> RegistryError:
    """The error with which a registry is refused; it always says what to do."""
    with pytest.raises(RegistryError) as caught:
        loaded(folder, rows, list(further))
    assert len(caught.value.remedy) > 5
    assert caught.value.remedy[0].islower()  # it goes on after "remedy: "
    return caught.value


def shipped_cells(path: Path) -> list[dict[str, str]]:
    """Rows of a shipped table, read without the code under test."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def test_the_shipped_registry_is_sound() -> None:
    """Both packaged tables pass every check, and hold as many developers as were researched."""
    found = registry.load(DEFINITIONS.group_of)
    assert len(found.developers) == len(shipped_cells(registry.DEFAULT)) >= 300
    assert len(found.by_name) == len(found.developers)
    for row in shipped_cells(registry.NAMESPACES):
        assert found.find(row["namespace"]) is found.by_name[row["developer"]]


def test_every_shipped_row_has_evidence_or_says_unknown() -> None:
    """No country without an address, a date and a basis; no evidence for an unknown one."""
    for row in shipped_cells(registry.DEFAULT):
        known = row["country"] != "unknown"
        assert row["evidence_url"].startswith("http") == known, row["developer"]
        assert all(bool(row[column]) == known for column in ("basis", "date_read"))
        assert (row["confidence"] == "none") != known, row["developer"]
        assert row["note"], row["developer"]


@pytest.mark.parametrize("dated", ["", "2025", "2025-08", "2025-08-03", "2026-11-23", "2026-11"])
def test_the_date_of_a_page_is_known_in_part_or_not_at_all(tmp_path: Path, dated: str) -> None:
    """A year, a month or a day up to the day of reading, or nothing."""
    found = loaded(tmp_path, [ACME | {"date_of_copy": dated}], [])
    assert found.by_name["Acme"].date_of_copy == dated


def test_every_shipped_alternative_has_a_reason() -> None:
    """Countries that a careful reader could give instead are known, others, and explained."""
    rows = [row for row in shipped_cells(registry.DEFAULT) if row["alternative_country"]]
    assert rows
    for row in rows:
        others = row["alternative_country"].split()
        assert row["alternative_reason"], row["developer"]
        assert row["country"] not in others, row["developer"]
        assert set(others) <= set(DEFINITIONS.group_of), row["developer"]
    without = [row for row in shipped_cells(registry.DEFAULT) if not row["alternative_country"]]
    assert not any(row["alternative_reason"] for row in without)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_shipped_cell_is_a_formula(path: Path) -> None:
    """A spreadsheet opens the shipped tables as text."""
    cells = [cell for row in shipped_cells(path) for cell in row.values()]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_every_shipped_parent_is_a_developer_that_ends_a_chain() -> None:
    """Parents have rows, and the last of them has no parent."""
    found = registry.load(DEFINITIONS.group_of)
    owned = [developer for developer in found.developers if developer.parent]
    assert owned
    for developer in owned:
        seen = [developer]
        while seen[-1].parent:
            seen.append(found.by_name[seen[-1].parent])
        assert len(seen) > 1
        assert len(set(seen)) == len(seen)


def test_namespaces_lead_to_their_developer(tmp_path: Path) -> None:
    """Every namespace of a row is the developer's; any other stands for itself, unknown."""
    found = loaded(tmp_path, [ACME, NOBODY], [OLD_NAME])
    for namespace in ("acme", "acme-labs", "acme-old"):
        assert found.developer_of(namespace) == "Acme"
        assert found.country_of(namespace) == "FR"
    assert found.country_of("nobody") == "unknown"
    assert found.developer_of("nobody") == "Nobody"
    assert found.find("elsewhere") is None
    assert found.developer_of("elsewhere") == "elsewhere"
    assert found.country_of("elsewhere") == "unknown"
    assert [found.by_name[name] for name in ("Acme", "Nobody")] == list(found.developers)


def test_a_tenure_tells_why(tmp_path: Path) -> None:
    """A namespace of namespaces.csv carries its row; one of registry.csv has none."""
    found = loaded(tmp_path, [ACME], [OLD_NAME])
    old, own = found.tenure("acme-old"), found.tenure("acme")
    assert old is not None
    assert own is not None
    assert old.why == Namespace(**(dict.fromkeys(FURTHER_HEADER, "") | OLD_NAME))
    assert own.why is None


@pytest.mark.parametrize(
    ("on", "owner"),
    [
        ("2025-03-14", "Acme"),
        ("2025-03-15", "Other"),
        ("2025-02", "Acme"),
        ("2025-03", "Acme"),
        ("2025-04", "Other"),
        ("0001-01-01", "Acme"),
        ("9999-12-30", "Other"),
        ("", "Other"),
    ],
)
def test_a_namespace_that_changed_hands_is_whoever_had_it(
    tmp_path: Path, on: str, owner: str
) -> None:
    """The owner on the day; in a month the first owner; with no date the latest."""
    for further in ([SOLD, BOUGHT], [BOUGHT, SOLD]):
        found = loaded(tmp_path, [ACME, OTHER], further)
        assert found.developer_of("shop", on) == owner
        assert found.country_of("shop", on) == {"Acme": "FR", "Other": "US"}[owner]


def test_a_tenure_that_ends_as_a_month_begins_has_no_day_of_it(tmp_path: Path) -> None:
    """Until 1 March means to the end of February: March is the next owner's."""
    sold, bought = SOLD | {"valid_until": "2025-03-01"}, BOUGHT | {"valid_from": "2025-03-01"}
    found = loaded(tmp_path, [ACME, OTHER], [sold, bought])
    owners = [found.developer_of("shop", on) for on in ("2025-02-28", "2025-02", "2025-03")]
    assert owners == ["Acme", "Acme", "Other"]


def test_between_two_tenures_a_namespace_is_nobodys(tmp_path: Path) -> None:
    """A gap is not filled; a month that a tenure touches is its owner's."""
    later = BOUGHT | {"valid_from": "2025-06-20", "valid_until": "2025-08-10"}
    found = loaded(tmp_path, [ACME, OTHER], [SOLD, later])
    assert found.find("shop", "2025-05-01") is None
    assert found.find("shop", "2025-05") is None
    assert found.country_of("shop", "2025-05") == "unknown"
    for on in ("2025-06", "2025-06-20", "2025-08", "2025-08-09"):
        assert found.developer_of("shop", on) == "Other"
    assert found.find("shop", "2025-08-10") is None
    assert found.find("shop", "2025-09") is None
    assert found.developer_of("shop") == "Other"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SOLD, BOUGHT | {"valid_from": "2025-03-14"}),
        (SOLD, BOUGHT | {"valid_from": ""}),
        (SOLD | {"valid_until": ""}, BOUGHT),
        (SOLD, SOLD),
        (BOUGHT | {"valid_until": "2025-07-01"}, BOUGHT | {"valid_from": "2025-06-30"}),
    ],
)
def test_overlapping_tenures_are_refused(
    tmp_path: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    """No day has two owners, not even the same one twice; the order of the rows does not matter."""
    for rows in ([first, second], [second, first]):
        what = refused(tmp_path, [ACME, OTHER], rows).what
        owner = rows[0]["developer"]
        assert what == f"namespaces.csv, line 3: namespace 'shop' belongs to {owner!r} already"


def test_a_namespace_of_a_developer_cannot_have_another_owner(tmp_path: Path) -> None:
    """What registry.csv gives is given for all time, whatever dates the other table names."""
    taken = BOUGHT | {"namespace": "acme"}
    what = refused(tmp_path, [ACME, OTHER], [taken]).what
    assert what == "namespaces.csv, line 2: namespace 'acme' belongs to 'Acme' already"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"developer": ""}, "developer is empty"),
        ({"namespaces": ""}, "namespaces is empty"),
        ({"namespaces": "acme ../x"}, "namespace '../x' is malformed"),
        ({"namespaces": "acme acme/model"}, "namespace 'acme/model' is malformed"),
        ({"namespaces": "acme acme"}, "namespace 'acme' belongs to 'Acme' already"),
        ({"country": "XX"}, "country 'XX' is in no group of definitions.toml"),
        ({"country": "fr"}, "country 'fr' is in no group of definitions.toml"),
        ({"country": ""}, "country '' is in no group of definitions.toml"),
        (
            {"alternative_country": "US XX", "alternative_reason": "Founded there."},
            "country 'XX' is in no group of definitions.toml",
        ),
        (
            {"alternative_country": "US FR", "alternative_reason": "Founded there."},
            "alternative_country repeats country",
        ),
        (
            {"alternative_country": "US"},
            "alternative_country and alternative_reason go together",
        ),
        (
            {"alternative_reason": "Founded there."},
            "alternative_country and alternative_reason go together",
        ),
        ({"sector": "firm"}, "sector 'firm' is not a known word"),
        ({"sector": ""}, "sector '' is not a known word"),
        ({"basis": "rumour"}, "basis 'rumour' is not a known word"),
        ({"basis": ""}, "basis '' is not a known word"),
        ({"confidence": "sure"}, "confidence 'sure' is not a known word"),
        ({"confidence": ""}, "confidence '' is not a known word"),
        ({"confidence": "none"}, "confidence none goes with country unknown, and only with it"),
        ({"evidence_url": ""}, "no evidence_url: ''"),
        ({"evidence_url": "the web page"}, "no evidence_url: 'the web page'"),
        ({"evidence_url": "ftp://acme.example/x"}, "no evidence_url: 'ftp://acme.example/x'"),
        ({"date_read": ""}, "date_read '' is not a date"),
        ({"date_read": "yesterday"}, "date_read 'yesterday' is not a date"),
        ({"date_read": "2026-02-30"}, "date_read '2026-02-30' is not a date"),
        ({"date_read": "2026-W48-1"}, "date_read '2026-W48-1' is not a date"),
        ({"date_of_copy": "spring"}, "date_of_copy 'spring' is not a year, month or day"),
        ({"date_of_copy": "2025-13"}, "date_of_copy '2025-13' is not a year, month or day"),
        ({"date_of_copy": "2025-1"}, "date_of_copy '2025-1' is not a year, month or day"),
        ({"date_of_copy": "20250101"}, "date_of_copy '20250101' is not a year, month or day"),
        ({"date_of_copy": "2026-11-24"}, "date_of_copy '2026-11-24' is after date_read 2026-11-23"),
        ({"date_of_copy": "2027"}, "date_of_copy '2027' is after date_read 2026-11-23"),
        ({"note": ""}, "note is empty"),
        ({"note": "=HYPERLINK(1)"}, "note starts with '=', like a formula"),
        ({"note": "+1"}, "note starts with '+', like a formula"),
        ({"note": "-1"}, "note starts with '-', like a formula"),
        ({"note": "@SUM(1)"}, "note starts with '@', like a formula"),
        ({"note": "\tx"}, "note starts with '\\t', like a formula"),
        (
            {"developer": " Acme"},
            "developer has a line break, a control character or blanks at an end",
        ),
        ({"country": "FR "}, "country has a line break, a control character or blanks at an end"),
        ({"note": "x\u00a0"}, "note has a line break, a control character or blanks at an end"),
        ({"parent": "Holding"}, "parent 'Holding' of 'Acme' has no row"),
        ({"parent": "Acme"}, "parent 'Acme' of 'Acme' leads back to it"),
    ],
)
def test_a_malformed_developer_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """The message names the file, the line and what is wrong with it."""
    error = refused(tmp_path, [NOBODY, ACME | change])
    assert error.what == f"registry.csv, line 3: {message}"


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("One\ntwo.", "line 4: note has a line break, a control character or blanks at an end"),
        ("One\rtwo.", "line 4: note has a line break, a control character or blanks at an end"),
        ("One\r\ntwo.", "line 4: note has a line break, a control character or blanks at an end"),
        ("One\u2028two.", "line 3: note has a line break, a control character or blanks at an end"),
        ("\nOne.", "line 4: note has a line break, a control character or blanks at an end"),
        ("\rOne.", "line 4: note starts with '\\r', like a formula"),
    ],
)
def test_a_line_break_inside_a_cell_is_refused(tmp_path: Path, note: str, message: str) -> None:
    """A row is a line, whichever character would break it; the message names where it ends."""
    error = refused(tmp_path, [NOBODY, ACME | {"note": note}])
    assert error.what == f"registry.csv, {message}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"basis": "account"},
            "an unknown country has no basis, evidence_url, date_read or date_of_copy",
        ),
        (
            {"evidence_url": "https://acme.example/x"},
            "an unknown country has no basis, evidence_url, date_read or date_of_copy",
        ),
        (
            {"date_of_copy": "2025"},
            "an unknown country has no basis, evidence_url, date_read or date_of_copy",
        ),
        (
            {"date_read": "2026-11-23"},
            "an unknown country has no basis, evidence_url, date_read or date_of_copy",
        ),
        ({"confidence": "low"}, "confidence none goes with country unknown, and only with it"),
        ({"note": ""}, "note is empty"),
    ],
)
def test_an_unknown_country_has_no_evidence(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """Where something was read, the row says what, or it is not unknown."""
    assert refused(tmp_path, [NOBODY | change]).what == f"registry.csv, line 2: {message}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"namespace": ""}, "namespace is malformed"),
        ({"namespace": "acme/old"}, "namespace is malformed"),
        ({"developer": "Nobody"}, "no row of registry.csv is named 'Nobody': an orphan"),
        ({"relation": "cousin"}, "relation 'cousin' is not a known word"),
        ({"valid_from": "March"}, "['March'] are not dates"),
        ({"valid_until": "2025-W11-6"}, "['2025-W11-6'] are not dates"),
        (
            {"valid_from": "2025-03-15", "valid_until": "2025-03-15"},
            "valid_from is not before valid_until",
        ),
        (
            {"valid_from": "2025-03-16", "valid_until": "2025-03-15"},
            "valid_from is not before valid_until",
        ),
        ({"evidence_url": ""}, "no evidence_url"),
        ({"date_read": ""}, "date_read is not a date"),
        ({"date_read": "23.11.2026"}, "date_read is not a date"),
        ({"note": ""}, "note is empty"),
        ({"note": "=1"}, "note starts with '=', like a formula"),
    ],
)
def test_a_malformed_further_namespace_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """namespaces.csv is checked as strictly as the registry."""
    error = refused(tmp_path, [ACME, OTHER], [BOUGHT, OLD_NAME | change])
    assert error.what == f"namespaces.csv, line 3: {message}"


def test_two_rows_cannot_share_a_developer_or_a_namespace(tmp_path: Path) -> None:
    """The second row is refused, and told whose the name is."""
    twice = refused(tmp_path, [ACME, ACME | {"namespaces": "b"}])
    assert twice.what == "registry.csv, line 3: developer 'Acme' has two rows"
    taken = refused(tmp_path, [ACME, NOBODY, OTHER | {"namespaces": "other acme-labs"}])
    assert taken.what == "registry.csv, line 4: namespace 'acme-labs' belongs to 'Acme' already"


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("A:B B:A", "line 3: parent 'A' of 'B' leads back to it"),
        ("Sole: A:B B:C C:A", "line 5: parent 'A' of 'C' leads back to it"),
        ("Child:A A:B B:A", "line 4: parent 'A' of 'B' leads back to it"),
    ],
)
def test_a_chain_of_parents_that_leads_back_is_refused(
    tmp_path: Path, chain: str, message: str
) -> None:
    """Rows in a ring have no last parent, nor has a row that leads to a ring."""
    pairs = [link.split(":") for link in chain.split()]
    ring = [NOBODY | {"developer": a, "namespaces": a.lower(), "parent": b} for a, b in pairs]
    assert refused(tmp_path, ring).what == f"registry.csv, {message}"


def test_a_parent_further_up_without_a_row_is_named_where_it_stands(tmp_path: Path) -> None:
    """The line is that of the row that names the missing parent, not of the row that led there."""
    rows = [ACME | {"parent": "Nobody"}, NOBODY | {"parent": "Holding"}]
    error = refused(tmp_path, rows)
    assert error.what == "registry.csv, line 3: parent 'Holding' of 'Nobody' has no row"


# As bytes: what a cell-wise writer would never write.
GOOD = as_csv(HEADER, [NOBODY, ACME]).encode()
FIRST = as_csv(HEADER, [NOBODY]).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", f"registry.csv, line 1: the header is not {','.join(HEADER)}"),
        (b"name\nAcme\n", f"registry.csv, line 1: the header is not {','.join(HEADER)}"),
        (
            GOOD.replace(b",country,", b",Country,", 1),
            f"registry.csv, line 1: the header is not {','.join(HEADER)}",
        ),
        (FIRST + b"Acme,acme\n", "registry.csv, line 3: 2 cells where 13 are due"),
        (FIRST + b"\n", "registry.csv, line 3: 0 cells where 13 are due"),
        (GOOD[:-2] + b",more\n", "registry.csv, line 3: 14 cells where 13 are due"),
        (FIRST + b'"Acme,acme\n', "cannot read registry.csv, line 3: unexpected end of data"),
        (FIRST + b'"Ac"me,acme\n', "cannot read registry.csv, line 3: ',' expected after '\"'"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """Header, width and quoting: the message names the line."""
    path = tmp_path / "registry.csv"
    path.write_bytes(content)
    with pytest.raises(RegistryError) as caught:
        registry.load(DEFINITIONS.group_of, path)
    assert caught.value.what == message
    assert caught.value.remedy


@pytest.mark.parametrize("rows", [1, 5_000])
def test_a_table_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path, rows: int) -> None:
    """The byte is counted from the start of the file, however long it is."""
    path = tmp_path / "table.csv"
    good = b"a,b\n" + b"1,2\n" * rows
    path.write_bytes(good + b"caf\xe9,2\n")
    with pytest.raises(RegistryError) as caught:
        read_rows(path, ["a", "b"])
    where = f"line {rows + 2}: byte {len(good) + 3}"
    assert caught.value.what == f"cannot read table.csv, {where} is not UTF-8"


def test_a_namespace_has_one_owner_whatever_its_case(tmp_path: Path) -> None:
    """The Hub knows one account under any case, and so does the registry."""
    what = refused(tmp_path, [ACME, OTHER | {"namespaces": "ACME"}]).what
    assert what == "registry.csv, line 3: namespace 'ACME' belongs to 'Acme' already"


def test_an_alternative_is_named_once_and_a_person_has_no_company(tmp_path: Path) -> None:
    """Repeated alternatives and individuals of another sector are slips."""
    twice = ACME | {"alternative_country": "US US", "alternative_reason": "why"}
    assert "alternative_country names a country twice" in refused(tmp_path, [twice]).what
    person = ACME | {"country": "individual"}
    assert "an individual of the sector company" in refused(tmp_path, [person]).what


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ufeff", "starts with a byte order mark"),
        ("", "the header is not"),
    ],
)
def test_a_file_that_begins_oddly_says_how(tmp_path: Path, text: str, message: str) -> None:
    """A byte order mark cannot be seen, so it is named."""
    path = tmp_path / "registry.csv"
    whole = registry.DEFAULT.read_text(encoding="utf-8") if text else ""
    path.write_text(text + whole, encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        registry.load(DEFINITIONS.group_of, path)


def test_a_folder_is_no_registry(tmp_path: Path) -> None:
    """What cannot be read is refused with its name, and so is a path without one."""
    for path in (tmp_path, Path()):
        with pytest.raises(RegistryError, match="cannot read"):
            registry.load(DEFINITIONS.group_of, path)


def test_a_missing_table_is_a_named_error(tmp_path: Path) -> None:
    """No file, no traceback; and namespaces.csv is due where it is asked for."""
    with pytest.raises(RegistryError, match=r"^cannot read none\.csv: No such file"):
        registry.load(DEFINITIONS.group_of, tmp_path / "none.csv")
    loaded(tmp_path, [ACME], [])
    assert not (tmp_path / "namespaces.csv").exists()
    with pytest.raises(RegistryError, match=r"^cannot read further\.csv: No such file"):
        registry.load(DEFINITIONS.group_of, tmp_path / "registry.csv", tmp_path / "further.csv")


def test_rows_are_read_by_column_with_their_lines(tmp_path: Path) -> None:
    """Quotes, commas and words of any script come through; a line break may be of either kind."""
    path = tmp_path / "table.csv"
    path.write_bytes('a,b\r\n"x, ""y""",\r\n零一万物,2'.encode())
    assert read_rows(path, ["a", "b"]) == [
        ("table.csv, line 2", {"a": 'x, "y"', "b": ""}),
        ("table.csv, line 3", {"a": "零一万物", "b": "2"}),
    ]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2026-11-23", True),
        ("2024-02-29", True),
        ("2025-02-29", False),
        ("2026-11", False),
        ("20261123", False),
        ("2026-W48-1", False),
        ("2026-11-23 ", False),
        ("", False),
    ],
)
def test_a_date_is_a_calendar_day_in_one_form(text: str, holds: bool) -> None:
    """Dates are compared as text, so that no other form of ISO 8601 will do."""
    assert is_date(text) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("https://acme.example", True),
        ("http://acme.example/a?b=c#d", True),
        ("https://localhost/x", False),
        ("https://acme.example/a b", False),
        ("acme.example/x", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_an_address_is_one_that_a_reader_can_open(text: str, holds: bool) -> None:
    """Web addresses with a host, and nothing else."""
    assert is_url(text) is holds
