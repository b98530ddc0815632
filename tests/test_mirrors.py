"""The released source by name and through mirrors, with the real Hub client against local servers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hub_fetches import (
    GOOD,
    LATER,
    NAME,
    OTHER,
    RELEASE,
    TODAY,
    TOKEN,
    Outcome,
    Place,
    Relay,
    assert_nothing_written,
    assert_token_is_nowhere,
    closed_port,
    parquet,
    relay,
    run_fetch,
)

from replication.sources import manifest
from replication.sources.released import describe
from replication.validation.synthetic.server import REPOSITORY, REVISION, hub

MOVED = "fedcba9876543210fedcba9876543210fedcba98"
FIRST, SECOND = "first/mirror", "second/mirror"
AT_FIRST, AT_SECOND = "1" * 40, "2" * 40
THIRD = parquet(first=2)
NAMED = replace(RELEASE, revision="main")
MIRRORED = replace(RELEASE, mirrors=(FIRST, SECOND))
ALL = "all_downloads_with_annotations.parquet"


def sha256(data: bytes) -> str:
    """Hash of some content in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return fresh folders for the run and for the client."""
    return Place(tmp_path / "run", tmp_path / "home")


@contextmanager
def datasets(
    own: bytes | None = None, first: bytes | None = None, second: bytes | None = None
) -> Iterator[Relay]:
    """Serve the dataset and its two mirrors with these contents; None where there is none."""
    places = [(REPOSITORY, REVISION, own), (FIRST, AT_FIRST, first), (SECOND, AT_SECOND, second)]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(hub({NAME: data}, repository=name, revision=commit))
            for name, commit, data in [*places, ("somebody/else", MOVED, b"")]
            if data is not None
        ]
        yield stack.enter_context(relay(*servers))


def told(outcome: Outcome, words: str) -> bool:
    """Whether the run said it on the way."""
    return any(words in line for line in outcome.said)


def read_from(outcome: Outcome) -> tuple[str, str]:
    """Repository and revision that were really read, by the manifest."""
    assert outcome.manifest is not None, outcome.message
    return outcome.manifest["repository"], outcome.manifest["revision"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["main", "v1.0", REVISION[:7], REVISION[:39]])
def test_a_name_is_resolved_once_and_recorded(place: Place, name: str) -> None:
    """A branch, a tag or a short hash is read at its commit, which is recorded and said."""
    with hub({NAME: GOOD}) as server, relay(server, refs={"v1.0": REVISION}) as front:
        front.history = [MOVED, REVISION]
        outcome = run_fetch(place, front.endpoint, release=replace(RELEASE, revision=name))
        asked = [revision for method, _, revision in front.asked if method == "GET"]
    assert asked == [REVISION]
    assert read_from(outcome) == (REPOSITORY, REVISION)
    assert outcome.manifest["asked"] == f"{REPOSITORY}@{name}"
    assert outcome.manifest["trust"] == "first use"
    assert told(outcome, f"{name} is commit {REVISION}")
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_a_name_that_stands_still_is_asked_for_but_not_read_again(place: Place) -> None:
    """A second run asks what the name stands for and keeps the file."""
    with hub({NAME: GOOD}) as server, relay(server) as front:
        first = run_fetch(place, front.endpoint, release=NAMED)
        before = len(front.asked)
        second = run_fetch(place, front.endpoint, release=NAMED, today=LATER)
        assert [method for method, _, _ in front.asked[before:]] == ["HEAD"]
    assert second.manifest == first.manifest


@pytest.mark.slow
def test_a_name_that_moved_is_read_anew_and_said(place: Place) -> None:
    """Where the name stands for another commit now, that one is read, with its own date."""
    with hub({NAME: GOOD}) as server, relay(server) as front:
        run_fetch(place, front.endpoint, release=NAMED)
    with hub({NAME: OTHER}, revision=MOVED) as server, relay(server) as front:
        outcome = run_fetch(place, front.endpoint, release=NAMED, today=LATER)
    assert read_from(outcome) == (REPOSITORY, MOVED)
    assert outcome.manifest["accessed"] == LATER
    assert told(outcome, f"main was {REPOSITORY} @ {REVISION} on {TODAY} and has moved")
    assert place.counters.read_bytes() == OTHER


@pytest.mark.slow
def test_a_commit_and_the_name_that_stands_for_it_share_the_file(place: Place) -> None:
    """From a pinned commit to a name for it, nothing is read again; the manifest says the name."""
    with hub({NAME: GOOD}) as server, relay(server) as front:
        run_fetch(place, front.endpoint)
        read = len(server.of_file("GET"))
        outcome = run_fetch(place, front.endpoint, release=NAMED)
        assert len(server.of_file("GET")) == read
    assert outcome.manifest["asked"] == f"{REPOSITORY}@main"
    assert manifest.read(place.folder).to_dict() == outcome.manifest


@pytest.mark.slow
def test_a_short_hash_of_two_commits_is_refused(place: Place) -> None:
    """Digits that begin several commits name none of them."""
    short = REVISION[:8]
    with hub({NAME: GOOD}) as server, relay(server) as front:
        front.history = [REVISION, short + "0" * 32]
        outcome = run_fetch(place, front.endpoint, release=replace(RELEASE, revision=short))
    assert outcome.error == "SourceError"
    assert f"{short} begins 2 commits" in outcome.message
    assert_nothing_written(place)


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["mian", MOVED])
def test_a_misspelt_revision_is_not_read_from_a_mirror(place: Place, revision: str) -> None:
    """A dataset that answers has no such revision: no mirror's main branch takes its place."""
    with datasets(GOOD, OTHER, OTHER) as front:
        outcome = run_fetch(place, front.endpoint, release=replace(MIRRORED, revision=revision))
        assert front.of(FIRST) == front.of(SECOND) == 0
    assert outcome.error == "HubError"
    assert f"dataset {REPOSITORY} has no " in outcome.message
    assert revision in outcome.message
    assert_nothing_written(place)


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{}, {"HF_HUB_OFFLINE": "1"}], ids=["down", "offline"])
def test_a_name_that_cannot_be_resolved_stays_what_it_was(
    place: Place, variables: dict[str, str]
) -> None:
    """Without the Hub, the folder's answer to the same name is kept, and the run says so."""
    with hub({NAME: GOOD}) as server, relay(server) as front:
        first = run_fetch(place, front.endpoint, release=NAMED)
    nowhere = f"http://127.0.0.1:{closed_port()}"
    kept = run_fetch(place, nowhere, release=NAMED, today=LATER, **variables)
    other = run_fetch(place, nowhere, release=replace(NAMED, revision="dev"), **variables)
    place.counters.write_bytes(b"damaged")
    damaged = run_fetch(place, nowhere, release=NAMED, **variables)
    assert kept.manifest == first.manifest
    assert told(kept, f"main stays what it was on {TODAY}")
    assert other.error == damaged.error == "HubError"


@pytest.mark.slow
def test_a_mirror_with_the_pinned_hash(place: Place) -> None:
    """Where the hash is given, the first mirror that has it is read, and those before are named."""
    release = replace(
        MIRRORED, sha256=sha256(GOOD), url=f"https://huggingface.co/datasets/{REPOSITORY}"
    )
    with datasets(None, OTHER, GOOD) as front:
        outcome = run_fetch(place, front.endpoint, release=release)
    assert read_from(outcome) == (SECOND, AT_SECOND)
    assert outcome.manifest["asked"] == f"{REPOSITORY}@{REVISION}"
    assert outcome.manifest["trust"] == "pinned SHA-256"
    assert outcome.manifest["url"] == f"https://huggingface.co/datasets/{SECOND}"
    assert outcome.manifest["title"] == f"A title, one year rolling, copy in {SECOND}"
    assert told(outcome, f"no access to dataset {REPOSITORY}")
    assert told(outcome, f"{NAME} of {FIRST} @ {AT_FIRST} has SHA-256")
    assert told(outcome, f"of {SECOND} @ {AT_SECOND}, asked for as {REPOSITORY}@{REVISION}")
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_no_dataset_has_the_pinned_hash(place: Place) -> None:
    """Mirrors with other content are refused one by one, and the error names every dataset."""
    with datasets(None, OTHER, THIRD) as front:
        outcome = run_fetch(
            place, front.endpoint, release=replace(MIRRORED, sha256=sha256(GOOD)), HF_TOKEN=TOKEN
        )
    assert outcome.error == "HubError"
    assert f"no access to dataset {REPOSITORY}" in outcome.message
    assert all(f"{NAME} of {name} @ " in outcome.message for name in (FIRST, SECOND))
    assert_nothing_written(place)
    assert_token_is_nowhere(outcome, place)


@pytest.mark.slow
def test_a_mirror_without_a_known_hash_is_said_everywhere(place: Place) -> None:
    """The first mirror's main branch is taken, and manifest, title and run name it."""
    with datasets(None, OTHER, GOOD) as front:
        outcome = run_fetch(place, front.endpoint, release=MIRRORED)
    assert read_from(outcome) == (FIRST, AT_FIRST)
    assert outcome.manifest["trust"] == "first use of a mirror"
    assert outcome.manifest["asked"] == f"{REPOSITORY}@{REVISION}"
    assert f"copy in {FIRST}" in outcome.manifest["title"]
    assert told(outcome, "trusted by first use of a mirror")
    assert place.counters.read_bytes() == OTHER


@pytest.mark.slow
def test_a_mirror_of_a_name_is_its_main_branch(place: Place) -> None:
    """A branch of a dataset that is gone is answered by a mirror's main branch, and that is said."""
    with datasets(None, OTHER) as front:
        outcome = run_fetch(place, front.endpoint, release=replace(MIRRORED, revision="dev"))
    assert read_from(outcome) == (FIRST, AT_FIRST)
    assert outcome.manifest["asked"] == f"{REPOSITORY}@dev"


@pytest.mark.slow
def test_a_mirrors_answer_is_kept_until_it_is_damaged(place: Place) -> None:
    """A pinned commit that a mirror answered asks nothing again; once damaged, the dataset comes first."""
    with datasets(None, OTHER) as front:
        first = run_fetch(place, front.endpoint, release=MIRRORED)
    with datasets(GOOD, OTHER) as front:
        kept = run_fetch(place, front.endpoint, release=MIRRORED, today=LATER)
        assert front.asked == []
        place.counters.write_bytes(b"damaged")
        again = run_fetch(place, front.endpoint, release=MIRRORED, today=LATER)
    assert kept.manifest == first.manifest
    assert told(kept, f"of {FIRST} @ {AT_FIRST}, asked for as")
    assert read_from(again) == (REPOSITORY, REVISION)
    assert (again.manifest["trust"], again.manifest["accessed"]) == ("first use", LATER)
    assert "asked" not in again.manifest
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_the_first_use_binds_the_mirrors(place: Place, tmp_path: Path) -> None:
    """After a first use, a mirror counts only with the same content, and keeps the first date."""
    with datasets(GOOD) as front:
        known = run_fetch(place, front.endpoint, release=MIRRORED).manifest
    place.counters.write_bytes(b"damaged")
    elsewhere = replace(place, home=tmp_path / "other home")
    with datasets(None, OTHER, THIRD) as front:
        refused = run_fetch(elsewhere, front.endpoint, release=MIRRORED, today=LATER)
        assert manifest.read(place.folder).to_dict() == known
        assert place.counters.read_bytes() == b"damaged"
    with datasets(None, OTHER, GOOD) as front:
        mended = run_fetch(elsewhere, front.endpoint, release=MIRRORED, today=LATER)
    assert refused.error == "HubError"
    assert read_from(mended) == (SECOND, AT_SECOND)
    assert (mended.manifest["trust"], mended.manifest["accessed"]) == ("first use", TODAY)
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_a_commit_that_is_gone_is_read_from_a_mirror_by_its_hash(place: Place) -> None:
    """Where the dataset lost the commit, a mirror counts if the hash is known."""
    release = replace(MIRRORED, revision=MOVED, sha256=sha256(OTHER))
    with datasets(GOOD, OTHER) as front:
        outcome = run_fetch(place, front.endpoint, release=release)
    assert read_from(outcome) == (FIRST, AT_FIRST)
    assert told(outcome, f"dataset {REPOSITORY} has no commit {MOVED}")


@pytest.mark.slow
def test_changed_content_is_not_sought_at_a_mirror(place: Place, tmp_path: Path) -> None:
    """Other content at the pinned commit ends the run, although a mirror has what was first read."""
    with datasets(GOOD) as front:
        run_fetch(place, front.endpoint, release=MIRRORED)
    place.counters.unlink()
    elsewhere = replace(place, home=tmp_path / "other home")
    with datasets(OTHER, GOOD) as front:
        outcome = run_fetch(elsewhere, front.endpoint, release=MIRRORED)
        assert front.of(FIRST) == 0
    assert outcome.error == "HashMismatchError"
    assert not place.counters.exists()


@pytest.mark.slow
def test_a_failing_dataset_is_read_from_a_mirror(place: Place) -> None:
    """A dataset that keeps failing is given up after the client's retries."""
    with datasets(GOOD, OTHER) as front:
        front.hubs[REPOSITORY].faults.refuse(503, times=99)
        outcome = run_fetch(place, front.endpoint, release=MIRRORED)
    assert read_from(outcome) == (FIRST, AT_FIRST)
    assert told(outcome, "failed (503)")
    assert outcome.slept == [1, 2, 4, 8, 8]


@pytest.mark.slow
def test_a_refused_dataset_is_read_from_a_mirror(place: Place) -> None:
    """A dataset whose terms were not accepted (403) is given up, and the token is nowhere."""
    with datasets(GOOD, OTHER) as front:
        front.hubs[REPOSITORY].faults.refuse(403, {"X-Error-Message": TOKEN}, times=99)
        outcome = run_fetch(place, front.endpoint, release=MIRRORED, HF_TOKEN=TOKEN)
    assert read_from(outcome) == (FIRST, AT_FIRST)
    assert told(outcome, f"no access to dataset {REPOSITORY} (403)")
    assert_token_is_nowhere(outcome, place)
    assert not told(outcome, TOKEN)


@pytest.mark.slow
def test_a_host_that_fails_is_not_asked_for_mirrors(place: Place) -> None:
    """Too many requests concern every dataset of a host: no mirror is asked."""
    with datasets(GOOD, GOOD) as front:
        front.hubs[REPOSITORY].faults.refuse(429, {"Retry-After": "3600"}, times=99)
        limited = run_fetch(place, front.endpoint, release=MIRRORED)
        assert front.of(FIRST) == 0
    down = run_fetch(place, f"http://127.0.0.1:{closed_port()}", release=MIRRORED)
    assert "(429) and says to wait 3600 s" in limited.message
    assert limited.slept == [3601] * 5  # of one dataset
    assert "connection to 127.0.0.1 failed" in down.message
    assert down.slept == [1, 2, 4, 8, 8]  # of one dataset
    assert not told(down, FIRST)


@pytest.mark.slow
def test_a_mirror_that_is_no_parquet_is_passed_over(place: Place) -> None:
    """A web page in a mirror's place is named, and the next mirror is read."""
    with datasets(None, b"<!doctype html>", GOOD) as front:
        outcome = run_fetch(place, front.endpoint, release=MIRRORED)
    assert read_from(outcome) == (SECOND, AT_SECOND)
    assert told(outcome, "HTML instead of Parquet")


@pytest.mark.slow
def test_a_list_of_mirrors_that_are_all_gone(place: Place) -> None:
    """Every dataset that was asked is named, once."""
    listed = replace(RELEASE, mirrors=(FIRST, REPOSITORY, FIRST, SECOND))
    with datasets() as front:
        outcome = run_fetch(place, front.endpoint, release=listed, HF_TOKEN=TOKEN)
        assert [front.of(name) for name in (REPOSITORY, FIRST, SECOND)] == [1, 1, 1]
    assert outcome.error == "HubError"
    for name in (REPOSITORY, FIRST, SECOND):
        assert outcome.message.count(f"no access to dataset {name} (404)") == 1
    assert_token_is_nowhere(outcome, place)


@pytest.mark.slow
def test_the_other_file_of_the_release(place: Place) -> None:
    """The file of all downloads is another address, with a title of its own."""
    with hub({NAME: GOOD, ALL: OTHER}) as server:
        run_fetch(place, server.endpoint)
        outcome = run_fetch(place, server.endpoint, release=RELEASE.at(filename=ALL))
    assert outcome.manifest["filename"] == ALL
    assert outcome.manifest["title"] == "A title, all downloads with annotations"
    assert place.counters.read_bytes() == OTHER


@pytest.mark.slow
def test_what_is_said_of_a_pinned_first_use(place: Place) -> None:
    """The line on what was read names file, dataset, commit, hash and date, and nothing else."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert (
        outcome.said[-1]
        == describe(manifest.read(place.folder))
        == (
            f"{NAME} of {REPOSITORY} @ {REVISION}; SHA-256 {sha256(GOOD)[:12]}… "
            f"trusted by first use on {TODAY}"
        )
    )
