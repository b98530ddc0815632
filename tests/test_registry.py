"""The registry of developers: the shipped table, and refusal of malformed ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from replication import study as definitions
from replication.attribution import registry
from replication.errors import RegistryError

STUDY = definitions.load()
HEADER = "developer,namespaces,country,sector,basis,evidence_url,date_read,confidence,note\n"
GOOD = "Acme,acme acme-labs,FR,company,headquarters,https://acme.example/about,2026-11-23,high,Paris.\n"
UNKNOWN = "Nobody,nobody,unknown,company,,,,none,Nothing found.\n"


def loaded(folder: Path, text: str | bytes) -> registry.Registry:
    """Load a registry from text."""
    path = folder / "registry.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return registry.load(STUDY.group_of, path)


def test_the_shipped_registry_is_sound() -> None:
    """Every row of the packaged table passes, and has evidence or says unknown."""
    found = registry.load(STUDY.group_of)
    assert len(found.developers) >= 70
    for developer in found.developers:
        assert bool(developer.evidence_url) == (developer.country != "unknown")
        assert developer.note


def test_namespaces_lead_to_their_developer(tmp_path: Path) -> None:
    """Every namespace of a row is the developer's; any other stands for itself, unknown."""
    found = loaded(tmp_path, HEADER + GOOD + UNKNOWN)
    assert found.developer_of("acme-labs") == "Acme"
    assert found.country_of("acme-labs") == "FR"
    assert found.country_of("nobody") == "unknown"
    assert found.developer_of("elsewhere") == "elsewhere"
    assert found.country_of("elsewhere") == "unknown"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + GOOD.replace("FR", "XX"), "line 2: country 'XX'"),
        (
            HEADER + GOOD + GOOD.replace("Acme", "Other"),
            "line 3: namespace 'acme' belongs to 'Acme'",
        ),
        (HEADER + GOOD + GOOD.replace("acme acme-labs", "b"), "developer 'Acme' has two rows"),
        (HEADER + GOOD.replace("https://acme.example/about", ""), "line 2: no evidence_url"),
        (HEADER + GOOD.replace("2026-11-23", "yesterday"), "line 2: date_read"),
        (HEADER + GOOD.replace("high", "sure"), "line 2: confidence 'sure'"),
        (HEADER + GOOD.replace(",company,", ",firm,"), "line 2: sector 'firm'"),
        (HEADER + GOOD.replace("headquarters", "rumour"), "line 2: basis 'rumour'"),
        (HEADER + GOOD.replace("Paris.", "=HYPERLINK(1)"), "line 2: a cell starts like a formula"),
        (HEADER + GOOD.replace("acme acme-labs", "../x"), "line 2: a namespace is malformed"),
        (HEADER + GOOD.replace("acme acme-labs", " "), "line 2: namespaces is empty"),
        (HEADER + UNKNOWN.replace("none", "high"), "confidence none goes with country unknown"),
        (HEADER + "Acme,acme\n", "line 2: 2 cells"),
        (HEADER + '"Acme,acme', "cannot read registry.csv"),
        ("name\n" + GOOD, "line 1: the header must be"),
        (HEADER.encode() + b"\xff\xfe" + GOOD.encode(), "cannot read registry.csv"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    """The message names the line and what is wrong with it."""
    with pytest.raises(RegistryError, match=message.replace("(", r"\(").replace(".", r"\.")):
        loaded(tmp_path, text)


def test_a_missing_registry_is_a_named_error(tmp_path: Path) -> None:
    """No file, no traceback."""
    with pytest.raises(RegistryError, match="cannot read"):
        registry.load(STUDY.group_of, tmp_path / "none.csv")
