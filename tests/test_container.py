"""The Dockerfile and the development container: steps in order, without a daemon to build them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from test_citation import tracked

from replication.run import ROOT

INSTALLS = ("apt-get update", "useradd ", "make .venv/ready", "touch .venv/ready")
LONG_AGO = 1_000_000_000
make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def steps() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with what follows them, lines that go on joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line)]


def test_the_base_is_a_python_that_is_tested() -> None:
    """The base is named with its version, which is one of those on which everything is checked."""
    bases = [rest for word, rest in steps() if word == "FROM"]
    assert len(bases) == 1
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", bases[0])
    assert version
    assert f'"{version[1]}"' in (ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8")


def test_the_build_only_installs() -> None:
    """Every step that runs something installs packages, marks them as installed, or makes the user."""
    ran = [rest for word, rest in steps() if word == "RUN"]
    assert len(ran) == len(INSTALLS)
    assert all(line.startswith(what) for line, what in zip(ran, INSTALLS, strict=True))
    assert {word for word, _ in steps()} == {"FROM", "RUN", "USER", "WORKDIR", "COPY", "CMD"}


def test_no_run_has_rights() -> None:
    """The user is set before any file is copied, and is not root; files are that user's."""
    words = [word for word, _ in steps()]
    assert [rest for word, rest in steps() if word == "USER"] == ["1000"]
    assert words.index("USER") < words.index("COPY")
    assert all(rest.startswith("--chown=1000 ") for word, rest in steps() if word == "COPY")


def ignored(name: str) -> bool:
    """Whether .dockerignore leaves a file out."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    parts = name.split("/")
    return any(
        fnmatch("/".join(parts[:n]), pattern.removeprefix("**/"))
        or fnmatch(parts[n - 1], pattern.removeprefix("**/"))
        for pattern in patterns
        for n in range(1, len(parts) + 1)
    )


@pytest.mark.slow
def test_nothing_that_is_tracked_is_left_out() -> None:
    """The image has every file of the repository, and neither history nor environment."""
    assert [
        name for name in (p.relative_to(ROOT).as_posix() for p in tracked()) if ignored(name)
    ] == []
    for name in (
        ".git/HEAD",
        ".venv/ready",
        "build/x",
        "replication/__pycache__/x.pyc",
        ".mypy_cache/x",
    ):
        assert ignored(name)


@pytest.mark.slow
@make
@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="needs a virtual environment")
def test_the_steps_do_in_a_clean_folder(tmp_path: Path) -> None:
    """The lock and the Makefile are enough to install, and what is copied later installs nothing anew.

    It may be newer than what was installed, which builders keep as long as the lock says the same.
    """
    for word, rest in steps():
        if word == "COPY":
            copy_step(rest, tmp_path)
        if rest == "make .venv/ready":
            told = subprocess.run(
                ["make", "--dry-run", ".venv/ready"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            assert "--require-hashes -r requirements.lock" in told.stdout
            (tmp_path / ".venv").mkdir()
            for name in ("bin", "lib", "pyvenv.cfg"):
                (tmp_path / ".venv" / name).symlink_to(Path(sys.prefix) / name)
            (tmp_path / ".venv" / "ready").touch()
            os.utime(tmp_path / ".venv" / "ready", (LONG_AGO, LONG_AGO))
        if rest == "touch .venv/ready":
            subprocess.run(rest.split(), cwd=tmp_path, check=True)
    (command,) = [json.loads(rest) for word, rest in steps() if word == "CMD"]
    assert command == ["make", "all"]
    done = subprocess.run(
        ["make", "fetch"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "installing" not in done.stdout
    assert "fetch" in done.stdout


def copy_step(rest: str, target: Path) -> None:
    """Do what COPY does: with the times of the files, and without what is left out."""
    *sources, _ = rest.split()[1:]
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if (sources == ["."] and not ignored(name)) or name in sources:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)


def test_the_development_container_is_the_same_image() -> None:
    """It is built by the Dockerfile, for its user."""
    about = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    folder = ROOT / ".devcontainer"
    assert (folder / about["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert (folder / about["build"]["context"]).resolve() == ROOT
    (user,) = [rest for word, rest in steps() if word == "RUN" and rest.startswith("useradd")]
    assert f"--uid 1000 {about['remoteUser']} " in user


@make
@pytest.mark.parametrize("same", [True, False])
def test_the_development_container_takes_what_the_image_installed(
    tmp_path: Path, same: bool
) -> None:
    """Nothing is installed a second time, unless the lock is another one than the image's."""
    image, workspace = tmp_path / "image", tmp_path / "workspace"
    for folder in (image, workspace):
        folder.mkdir()
        for name in ("Makefile", "requirements.lock"):
            shutil.copy(ROOT / name, folder / name)
    (image / ".venv" / "bin").mkdir(parents=True)
    (image / ".venv" / "ready").touch()
    if not same:
        (workspace / "requirements.lock").write_text("")
    about = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    (workdir,) = [rest for word, rest in steps() if word == "WORKDIR"]
    command = about["postCreateCommand"]
    assert command.endswith("; make .venv/ready")
    asked = command.replace(workdir, str(image)).replace("make ", "make --dry-run ")
    done = subprocess.run(
        ["sh", "-c", asked], cwd=workspace, capture_output=True, text=True, check=True
    )
    assert ("installing" in done.stdout) != same
    assert (workspace / ".venv").is_symlink() == same
