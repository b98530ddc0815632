"""What a release promises around the code: citation, licence, locked packages, targets, no traces."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypandoc
import pytest
from cffconvert.cli.create_citation import create_citation
from command_line import invoke

from replication import __version__
from replication.definitions import load_definitions
from replication.errors import DefinitionError
from replication.report.citation import apa, bibtex, works
from replication.run import ROOT

TARGETS = "all fetch panel attribution analysis figures paper test verify lint bench clean help"
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    """CITATION.cff as it is parsed."""
    parsed = create_citation(str(ROOT / "CITATION.cff"), None)
    found: dict[str, Any] = parsed.cffobj
    return found


def test_citation_is_valid() -> None:
    """CITATION.cff keeps the schema of the Citation File Format."""
    parsed = create_citation(str(ROOT / "CITATION.cff"), None)
    parsed.validate()
    assert parsed.cffobj["cff-version"] == "1.2.0"


def test_invalid_citation_would_be_found(tmp_path: Path) -> None:
    """The validation is a real one: a citation without authors does not pass it."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    path = tmp_path / "CITATION.cff"
    path.write_text(text.replace("\nauthors:", "\nwriters:"), encoding="utf-8")
    with pytest.raises(Exception, match="authors"):
        create_citation(str(path), None).validate()


def test_citation_converts() -> None:
    """The citation can be turned into BibTeX and APA, as readers do."""
    parsed = create_citation(str(ROOT / "CITATION.cff"), None)
    assert "title = {Who leads open-model downloads?" in parsed.as_bibtex()
    assert f"version {__version__}" in parsed.as_apalike()


def entries(style: str = "bibtex") -> list[dict[str, Any]]:
    """What pandoc, a reader of its own, finds in the printed BibTeX."""
    done = invoke("cite", "--format", style)
    assert done.exit_code == 0, done.stderr
    parsed = pypandoc.convert_text(done.stdout, "csljson", format="biblatex")
    return list(json.loads(parsed))


@pytest.mark.slow
def test_bibtex_is_complete(citation: dict[str, Any]) -> None:
    """Title, author, year and version of the package, and the study and its dataset after it."""
    package, study, data = entries()
    assert package["title"] == citation["title"]
    assert package["author"] == [{"literal": citation["authors"][0]["name"].replace("'", "’")}]
    year, month = citation["date-released"].split("-")[:2]
    assert package["issued"] == {"date-parts": [[int(year), int(month)]]}
    assert package["version"] == __version__
    assert "DOI" not in package
    people = citation["references"][0]["authors"]
    assert [one["family"] for one in study["author"]] == [one["family-names"] for one in people]
    assert study["title"] == citation["references"][0]["title"]
    assert data["URL"] == load_definitions().bundled.url


def test_apa_is_a_line_for_each_work() -> None:
    """Authors with initials, year, title and version."""
    package, study, data = invoke("cite", "--format", "apa").stdout.strip().split("\n\n")
    assert package.endswith(f"(Version {__version__}) [Computer software].")
    assert study.startswith("Longpre, S., Akiki, C., Lund, C.,")
    assert ", & Kaffee, L.-A. (2025). Economies of Open Intelligence: Tracing Power &" in study
    assert "[Data set]" in data


def test_people_an_address_and_a_doi_are_taken_where_they_are_given() -> None:
    """What the maintainers add to CITATION.cff is in both formats."""
    people = [{"family-names": "Ng", "given-names": "Ada Mei"}, {"family-names": "Ito"}]
    work = {
        "type": "software", "title": "A & B", "authors": people, "date-released": "2030-02-01",
        "version": 2, "repository-code": "https://code.invalid/a", "doi": "10.1/x",
    }  # fmt: skip
    entry = bibtex(work)
    assert "@software{ng2030," in entry
    for field in ("author = {Ng, Ada Mei and Ito}", "title = {{A \\& B}}", "version = {2}",
                  "month = {2}", "doi = {10.1/x}", "url = {https://code.invalid/a}"):  # fmt: skip
        assert f"  {field}," in entry
    assert apa(work) == (
        "Ng, A. M., & Ito. (2030). A & B (Version 2) [Computer software]. https://doi.org/10.1/x"
    )
    del work["doi"]
    assert apa(work).endswith("[Computer software]. https://code.invalid/a")


def test_unknown_format_is_refused() -> None:
    """A format that there is not is a mistake of the command line."""
    assert invoke("cite", "--format", "endnote").exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nauthors:", "\nwriters:", "lacks the title, the authors or the year"),
        ("title: ", "title: [", "is not YAML"),
    ],
)
def test_incomplete_citation_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A work that could not be cited is named, with the remedy."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    (tmp_path / "CITATION.cff").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        works(tmp_path)


def test_citation_names_no_address_that_leads_nowhere(citation: dict[str, Any]) -> None:
    """Address and DOI are the maintainers' to give: what stands there is no placeholder."""
    text = json.dumps(citation).lower()
    for word in ("example.", "10.5281/zenodo.x", "0000000", "todo", "your-", "placeholder"):
        assert word not in text


def test_citation_has_the_version_of_the_code(citation: dict[str, Any]) -> None:
    """The citation, the code and the change log tell one version."""
    assert str(citation["version"]) == __version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (\S+)", changes, flags=re.MULTILINE)
    assert first is not None
    assert first[1] == __version__


def test_citation_refers_to_study_and_dataset(citation: dict[str, Any]) -> None:
    """The study and its dataset are among the references, at the addresses of definitions.toml."""
    definitions = load_definitions()
    references = {reference["type"]: reference for reference in citation["references"]}
    assert references["article"]["url"] == "https://arxiv.org/abs/2512.03073"
    assert references["article"]["authors"][0]["family-names"] == "Longpre"
    assert references["data"]["url"] == definitions.bundled.url == definitions.released.url


def requirements() -> Iterator[str]:
    """Requirements of the lock, each with its hashes on one line."""
    joined = re.sub(r"\s*\\\n\s*", " ", LOCK)
    return (line for line in joined.splitlines() if line and not line.lstrip().startswith("#"))


def test_every_requirement_is_pinned_with_hashes() -> None:
    """Every line of the lock is one package at one version, with at least one SHA-256."""
    lines = list(requirements())
    assert len(lines) > 30
    for line in lines:
        assert re.fullmatch(
            r"[\w.-]+(\[[\w,-]+\])?==[\w.+!-]+( ; [^#]*?)?( --hash=sha256:[0-9a-f]{64})+", line
        ), line


def test_lock_names_no_address() -> None:
    """The lock holds no index, no folder of packages and no URL: any index will do."""
    for word in ("index-url", "find-links", "trusted-host", "://", "file:", "-i ", "-f ", "-e "):
        assert word not in LOCK, word


def test_lock_holds_what_the_package_needs() -> None:
    """Every dependency that pyproject.toml names is locked at a version that it allows."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = dict(re.findall(r'^  "([\w-]+)>=([\d.]+)",$', project, flags=re.MULTILINE))
    assert {"numpy", "pandas", "typst", "pytest", "cffconvert"} <= set(needed)
    locked = dict(re.findall(r"^([\w.-]+)==([\d.]+)", LOCK, flags=re.MULTILINE))
    for name, least in needed.items():
        found = locked[name.replace("_", "-").lower()]
        assert _numbers(found) >= _numbers(least), name


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


@needs_make
def test_help_lists_every_target() -> None:
    """`make help`, which is also what plain `make` does, explains every target in a line."""
    shown = [
        subprocess.run(
            ["make", *words], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for words in (["--no-print-directory", "help"], ["--no-print-directory"])
    ]
    assert shown[0] == shown[1]
    explained = dict(re.findall(r"^  ([a-z-]+) +(\S.+)$", shown[0], flags=re.MULTILINE))
    assert set(TARGETS.split()) <= set(explained)


def test_every_explained_target_is_phony() -> None:
    """No target can be mistaken for a file or folder of the same name, such as figures or paper."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    stages = re.search(r"^STAGES := (.*)$", text, flags=re.MULTILINE)
    assert phony is not None
    assert stages is not None
    explained = re.findall(r"^([a-z-]+):.*## ", text, flags=re.MULTILINE)
    assert set(explained) == set(phony[1].replace("$(STAGES)", stages[1]).split())


def tracked() -> list[Path]:
    """Files that git tracks, or skip where this is no git repository."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git repository: there is no list of tracked files")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@cache
def texts() -> dict[Path, str]:
    """Text of every tracked file that is text, without embedded images."""
    found = {}
    for path in filter(Path.is_file, tracked()):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found[path] = re.sub(r"data:[\w/+.-]+;base64,[\w/+=\s]+", "", text)
    return found


def hosts_of_packages() -> set[str]:
    """Hosts and folders from which this machine installs packages, besides the public index."""
    values = [v for k, v in os.environ.items() if re.match(r"(PIP|UV)_.*(INDEX|FIND_LINKS)", k)]
    homes = [Path("/etc"), Path.home() / ".config" / "pip", Path.home() / ".pip"]
    for path in (folder / "pip.conf" for folder in homes):
        if path.is_file():
            parser = ConfigParser(interpolation=None, strict=False)
            parser.read(path, encoding="utf-8")
            values += [v for section in parser.values() for k, v in section.items()]
    words = {word for value in values for word in value.split()}
    hosts = {urlsplit(word).hostname or "" for word in words if "://" in word}
    folders = {urlsplit(word).path for word in words if urlsplit(word).path.count("/") > 1}
    return {name for name in hosts | folders if len(name) > 4} - {"pypi.org"}


PLACES = {
    "the folder of this checkout": rf"(?<![\w.]){re.escape(str(ROOT))}\b",
    "a mounted folder": r"(?<![\w.])/(?:w[o]rk|workspace|mnt|opt)/\w",
    "a home folder": r"/(?:home|Users)/\w|[A-Z]:\\Users|/roo[t]/",
    "a temporary folder": r"/(?:private/)?(?:var/)?t[m]p/\w",
    "a virtual environment": r"/site[-]packages/",
    "a package host": r"https?://[\w.-]*(?:pythonhosted|py[p]i\.org|artifactory|nexus|devpi)",
    "an option of an installer": r"--(?:extra-)?index[-]url|--find[-]links",
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_no_trace_of_a_machine(place: str) -> None:
    """No tracked text file names a folder of the machine it was made on, or a package host."""
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts().items()
        if (match := re.search(PLACES[place], text))
    }
    assert found == set()
    assert len(texts()) > 50


@pytest.mark.slow
def test_no_trace_of_this_machines_packages() -> None:
    """No tracked text file names the mirror or folder from which this machine installs packages."""
    for name in hosts_of_packages():
        assert [path.name for path, text in texts().items() if name in text] == []
    assert hosts_of_packages().isdisjoint({"", "https"})


def test_tracked_files_are_small_and_hold_no_released_data() -> None:
    """No tracked file is large, and none is a copy of the released file or of its schema."""
    for path in filter(Path.is_file, tracked()):
        assert path.suffix != ".parquet", path
        assert path.stat().st_size < 5_000_000, path
