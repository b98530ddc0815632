"""Child processes see the machine, and no setting of its user."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from replication.child import NETWORK, child_environment
from replication.report import front_matter, render
from replication.run import ROOT
from replication.sources.records import git

AMBIENT = {
    "SOURCE_DATE_EPOCH": "1",
    "XDG_DATA_HOME": "XDG",
    "XDG_CONFIG_HOME": "XDG",
    "HOME": "XDG",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Asia/Tokyo",
    "TYPST_FONT_PATHS": "XDG",
    "TYPST_PACKAGE_PATH": "XDG",
    "FONTCONFIG_FILE": "XDG/none.conf",
    "GIT_DIR": "XDG",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "url.file:///nowhere.insteadOf",
    "GIT_CONFIG_VALUE_0": "file://",
    "GIT_TRACE": "1",
    "PYTHONPATH": "XDG",
    "LD_PRELOAD": "",
}
TEXT = "---\ntitle: a\nauthor: b\ndate: c\n---\n\n# A\n\nText @longpre2025.\n"


@pytest.fixture
def ambient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with templates, defaults, a filter and settings of git, and variables."""
    home = tmp_path / "XDG"
    for folder in (home / "pandoc", home / ".local" / "share" / "pandoc", home / ".pandoc"):
        (folder / "templates").mkdir(parents=True)
        for name in ("default.latex", "default.html5", "default.typst"):
            (folder / "templates" / name).write_text("MY TEMPLATE $body$\n")
        (folder / "defaults").mkdir()
        (folder / "init.lua").write_text("error('mine')\n")
    (home / ".gitconfig").write_text('[url "file:///nowhere"]\n\tinsteadOf = file://\n')
    for name, value in AMBIENT.items():
        monkeypatch.setenv(name, value.replace("XDG", str(home)))
    return home


def converted(folder: Path, target: str) -> str:
    """A short text as pandoc makes it on a desk of its own."""
    folder.mkdir()
    for name in render.SOURCES:
        shutil.copy(ROOT / "paper" / name, folder / name)
    front_matter.write(folder)
    return render._pandoc(folder, TEXT, target)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["latex", "html5", "typst", "gfm"])
def test_pandoc_takes_nothing_from_its_user(
    tmp_path: Path, target: str, request: pytest.FixtureRequest
) -> None:
    """The same bytes with and without templates of a user and variables of a build host."""
    before = converted(tmp_path / "before", target)
    request.getfixturevalue("ambient")
    assert converted(tmp_path / "after", target) == before
    assert "MY TEMPLATE" not in before


@pytest.mark.slow
def test_typst_takes_nothing_from_its_user(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The PDF is dated by the data alone."""
    (tmp_path / "paper.typ").write_text(
        "#set document(title: [T])\n= A\nText #datetime.today().display()\n"
    )
    before = render._pdf(tmp_path / "paper.typ", "2026-02-02")
    request.getfixturevalue("ambient")
    assert render._pdf(tmp_path / "paper.typ", "2026-02-02") == before


def test_a_child_sees_the_path_and_the_network_where_asked(
    tmp_path: Path, ambient: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else is left behind."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert set(child_environment(tmp_path)) <= {"PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "HOME", "LC_ALL"}  # fmt: skip
    assert child_environment(tmp_path)["HOME"] == str(tmp_path)
    assert child_environment(tmp_path, *NETWORK)["https_proxy"] == "http://127.0.0.1:1"


def test_git_takes_nothing_from_its_user(ambient: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is asked for with no variable of the user."""
    seen = {}

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        seen.update(options["env"])  # type: ignore[call-overload]
        return subprocess.CompletedProcess(command, 0, "git version 2.1\n", "")

    monkeypatch.setattr(git.shutil, "which", lambda _: "git")
    monkeypatch.setattr(git.subprocess, "run", run)
    assert git.version() == "git 2.1"
    assert not {name for name in seen if name.startswith("GIT_")} - set(git._CLEAN)
    assert "XDG_CONFIG_HOME" not in seen
