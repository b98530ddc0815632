"""The README: its generated parts are fresh, its links lead somewhere, its commands exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from replication.definitions import load_definitions
from replication.errors import DefinitionError
from replication.pipeline import STAGES
from replication.report import documents, numbers, prose, readme, render
from replication.run import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results"
NUMBERS = json.loads((RESULTS / "numbers.json").read_text(encoding="utf-8"))
LINKS = sorted(set(re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", TEXT)))


def test_generated_parts_are_fresh() -> None:
    """The generated parts are what the committed results and the code make of them."""
    assert readme.rendered(TEXT, RESULTS) == TEXT


def test_stale_part_would_be_found() -> None:
    """A number or a line that was changed by hand is put right."""
    edited = TEXT.replace("| **contradicted** |", "| **reproduced** |", 1)
    assert edited != TEXT
    assert readme.rendered(edited, RESULTS) == TEXT


@pytest.mark.parametrize("old", ["<!-- begin:findings -->", "<!-- begin:short -->"])
def test_missing_block_is_refused(old: str) -> None:
    """A README that has lost the mark of a generated part is refused by name."""
    with pytest.raises(DefinitionError, match=r"README\.md has the blocks"):
        readme.rendered(TEXT.replace(old, ""), RESULTS)


def test_update_touches_only_the_generated_parts(tmp_path: Path) -> None:
    """An update keeps what people wrote, and a second update changes nothing."""
    path = tmp_path / "README.md"
    emptied = re.sub(r"(begin:\w+ -->\n).*?(<!-- end)", r"\1\2", TEXT, flags=re.DOTALL)
    path.write_text(emptied, encoding="utf-8")
    assert len(path.read_text(encoding="utf-8")) < len(TEXT)
    for _ in range(2):
        readme.update(path, RESULTS)
        assert path.read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize("link", LINKS)
def test_linked_file_exists(link: str) -> None:
    """Every file that the README links to exists."""
    assert (ROOT / link).exists()


def test_readme_links_what_a_reader_looks_for() -> None:
    """Paper, definitions, registry, citation, licence and locked packages are a click away."""
    wanted = "paper/paper.pdf paper/paper.html paper/paper.tex replication/definitions/definitions.toml CITATION.cff"
    wanted += " LICENSE requirements.lock replication/data/registry.csv figures results tests bench"
    wanted += " docs/PROVENANCE.md docs/HOWTO.md results/README.md"
    assert set(wanted.split()) <= set(LINKS)


def test_every_named_target_exists() -> None:
    """Every `make TARGET` that the README tells is a target of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, flags=re.MULTILINE))
    told = set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, flags=re.MULTILINE))
    assert {"all", "test", "help", "verify"} <= told
    assert told <= targets


def test_every_named_command_exists() -> None:
    """Every command of `python -m replication` that the README tells is one."""
    told = set(re.findall(r"python -m replication ([a-z]+)", TEXT))
    known = {stage.name for stage in STAGES} | {"all", "bundle", "verify", "version"}
    known |= {"who", "registry", "compare"}
    assert {"all", "bundle", "who", "registry"} <= told
    assert told <= known


def test_columns_of_the_estimates_are_told_in_order() -> None:
    """The README names the columns of results/estimates.csv as the file has them."""
    told = re.search(r"`(estimand,[^`]+)`", TEXT)
    assert told is not None
    with (RESULTS / "estimates.csv").open(encoding="utf-8") as stream:
        assert [name.strip() for name in told[1].split(",")] == stream.readline().strip().split(",")


@pytest.mark.slow
def test_committed_page_shows_the_committed_numbers() -> None:
    """The committed text of the paper uses every number, and none is missing from these data."""
    assert set(NUMBERS) <= set(prose.keys(documents.text(ROOT / "paper")))
    filled = "".join(render.source_texts(ROOT / "paper", RESULTS, load_definitions()).values())
    assert numbers.ABSENT not in filled
    assert "{{" not in filled
