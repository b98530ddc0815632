"""The released source: one dataset, with the real Hub client against a local server."""

from __future__ import annotations

import errno
import hashlib
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx2
import huggingface_hub
import huggingface_hub.constants
import pytest
from hub_fetches import (
    GOOD,
    LATER,
    NAME,
    OTHER,
    RELEASE,
    TODAY,
    TOKEN,
    Place,
    assert_nothing_written,
    assert_token_is_nowhere,
    closed_port,
    command,
    environment,
    parquet,
    relay,
    run_fetch,
)

from replication.errors import HubError, OutputError, ReplicationError, SourceError
from replication.sources import manifest
from replication.sources.crawl.queries import smaller
from replication.sources.hub_failures import announced_wait, is_failure
from replication.sources.released import decide, fetch
from replication.validation.synthetic.server import REPOSITORY, REVISION, hub

BLOCK = huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return fresh folders for the run and for the client."""
    return Place(tmp_path / "run", tmp_path / "home")


@pytest.mark.slow
def test_success(place: Place) -> None:
    """The file arrives byte for byte, with a manifest that describes it."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert place.counters.read_bytes() == GOOD
    assert outcome.manifest == {
        "source": "released",
        "title": "A title, one year rolling",
        "citation": "A citation",
        "url": "https://example.org/dataset",
        "repository": REPOSITORY,
        "revision": REVISION,
        "filename": NAME,
        "sha256": hashlib.sha256(GOOD).hexdigest(),
        "bytes": len(GOOD),
        "rows": 5_000,
        "accessed": TODAY,
        "licence": "none stated",
        "client": f"huggingface_hub {huggingface_hub.__version__}",
        "trust": "first use",
    }
    assert manifest.read(place.folder).to_dict() == outcome.manifest


@pytest.mark.slow
def test_second_run_asks_nothing(place: Place) -> None:
    """A folder that holds the file is kept, without a request and without the client."""
    with hub({NAME: GOOD}) as server:
        first = run_fetch(place, server.endpoint)
        asked = len(server.requests)
        second = run_fetch(place, server.endpoint, today=LATER)
        assert len(server.requests) == asked
    assert second.manifest == first.manifest
    assert not second.imported


@pytest.mark.slow
def test_redirect_to_another_origin(place: Place) -> None:
    """A large file comes from the store it is redirected to, which never sees the token."""
    with hub({NAME: GOOD}, token=TOKEN, redirect=True) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        stored = [seen for seen in server.requests if seen.path.startswith("/store/")]
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD
    assert [seen.method for seen in stored] == ["GET"]
    assert "authorization" not in stored[0].headers


@pytest.mark.parametrize("revision", ["", "-x", "../main", "a b", "main\n", "refs/../x", "é?"])
def test_a_revision_that_no_dataset_can_have(place: Place, revision: str) -> None:
    """What is no commit, branch or tag is refused before anything else happens."""
    with pytest.raises(SourceError, match="is no commit, branch or tag") as caught:
        fetch(replace(RELEASE, revision=revision), place.folder, today=TODAY)
    assert "40 hexadecimal digits" in caught.value.remedy
    assert_nothing_written(place)


@pytest.mark.parametrize("sha256", ["abc", "A" * 64, "0" * 65])
def test_a_hash_that_is_none(place: Place, sha256: str) -> None:
    """A misspelt hash is refused instead of never being met."""
    with pytest.raises(SourceError, match="is no SHA-256") as caught:
        fetch(replace(RELEASE, sha256=sha256), place.folder, today=TODAY)
    assert "64 hexadecimal digits" in caught.value.remedy


@pytest.mark.slow
def test_a_given_hash_is_demanded_at_first_use(place: Place) -> None:
    """Content without the given hash is refused at once; with it, the manifest says why it is."""
    wrong = replace(RELEASE, sha256=hashlib.sha256(OTHER).hexdigest())
    with hub({NAME: GOOD}) as server:
        refused = run_fetch(place, server.endpoint, release=wrong)
        assert_nothing_written(place)
        server.files[NAME] = OTHER
        accepted = run_fetch(place, server.endpoint, release=wrong)
    assert refused.error == "HashMismatchError"
    assert "released.sha256" in refused.message
    assert accepted.manifest["trust"] == "pinned SHA-256"
    assert place.counters.read_bytes() == OTHER


@pytest.mark.slow
def test_a_hash_given_later_is_demanded_of_what_is_kept(place: Place) -> None:
    """A folder whose content has not the hash that is given now is not kept."""
    wrong = replace(RELEASE, sha256=hashlib.sha256(OTHER).hexdigest())
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        outcome = run_fetch(place, server.endpoint, release=wrong)
    assert outcome.error == "HashMismatchError"


@pytest.mark.slow
def test_new_revision_replaces_the_old(place: Place) -> None:
    """Another commit is another address: its content replaces the known content."""
    revision = "f" * 40
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
    with hub({NAME: OTHER}, revision=revision) as server:
        outcome = run_fetch(
            place, server.endpoint, release=replace(RELEASE, revision=revision), today=LATER
        )
    assert place.counters.read_bytes() == OTHER
    assert outcome.manifest["accessed"] == LATER


@pytest.mark.slow
def test_changed_content_is_refused(place: Place, tmp_path: Path) -> None:
    """Other content at the same commit is refused, and the old file and manifest stay."""
    with hub({NAME: GOOD}) as server:
        known = run_fetch(place, server.endpoint).manifest
        place.counters.write_bytes(b"damaged")
        server.files[NAME] = OTHER
        elsewhere = replace(place, home=tmp_path / "other home")
        outcome = run_fetch(elsewhere, server.endpoint)
    assert outcome.error == "HashMismatchError"
    assert place.counters.read_bytes() == b"damaged"
    assert manifest.read(place.folder).to_dict() == known


@pytest.mark.slow
def test_refused_content_is_not_believed_from_the_cache(place: Place, tmp_path: Path) -> None:
    """After a mirror served wrong content, the client's cache of it does not outlive the fault."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        elsewhere = replace(place, home=tmp_path / "other home")
        server.files[NAME] = OTHER
        assert run_fetch(elsewhere, server.endpoint).error == "HashMismatchError"
        server.files[NAME] = GOOD
        assert run_fetch(elsewhere, server.endpoint).manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["changed", "removed", "emptied"])
def test_damaged_file_is_repaired(place: Place, damage: str) -> None:
    """A local file that is not what the manifest says is restored, with its first date."""
    with hub({NAME: GOOD}) as server:
        first = run_fetch(place, server.endpoint)
        if damage == "removed":
            place.counters.unlink()
        else:
            place.counters.write_bytes(GOOD[:-1] + b"?" if damage == "changed" else b"")
        second = run_fetch(place, server.endpoint, today=LATER)
    assert place.counters.read_bytes() == GOOD
    assert second.manifest == first.manifest


@pytest.mark.slow
def test_damaged_cache_is_repaired(place: Place) -> None:
    """A copy that was damaged inside the client's cache is fetched again."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        for blob in place.home.glob("hub/*/blobs/*"):
            blob.write_bytes(GOOD[: len(GOOD) // 2])
        outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_missing_file(place: Place) -> None:
    """A file that the dataset does not have is named."""
    with hub({"another.parquet": GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no file {NAME}" in outcome.message
    assert "released.filename" in outcome.message
    assert_nothing_written(place)


@pytest.mark.slow
def test_missing_revision(place: Place) -> None:
    """A commit that the dataset does not have is named."""
    with hub({NAME: GOOD}, revision="f" * 40) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no commit {REVISION}" in outcome.message
    assert "released.revision" in outcome.message


@pytest.mark.slow
def test_missing_repository(place: Place) -> None:
    """A dataset that is not there is reported like one that may not be read, as the Hub does."""
    with hub({NAME: GOOD}, repository="owner/another") as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"no access to dataset {REPOSITORY}" in outcome.message
    assert "check its name" in outcome.message


@pytest.mark.slow
def test_malformed_repository(place: Place) -> None:
    """A name that no dataset can have is refused by name."""
    outcome = run_fetch(
        place, "http://127.0.0.1:9", release=replace(RELEASE, repository="not/a/name")
    )
    assert outcome.error == "SourceError"
    assert "'not/a/name'" in outcome.message


@pytest.mark.slow
def test_token_is_needed(place: Place) -> None:
    """A gated dataset is refused without a token, with the remedy, and read with one."""
    with hub({NAME: GOOD}, token=TOKEN) as server:
        without = run_fetch(place, server.endpoint)
        wrong = run_fetch(place, server.endpoint, HF_TOKEN="hf_wrong")
        right = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    for outcome in (without, wrong):
        assert outcome.error == "HubError"
        assert "(401)" in outcome.message
        assert "set HF_TOKEN" in outcome.message
        assert "accept the terms" in outcome.message
    assert right.manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_token_without_the_right(place: Place) -> None:
    """A token whose owner has not accepted the terms is told to accept them."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(403, {"X-Error-Code": "GatedRepo"}, times=9)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    assert outcome.error == "HubError"
    assert "(403)" in outcome.message
    assert "accept the terms" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_token_is_never_shown_on_failure(place: Place, status: int) -> None:
    """The token stays out of messages even where the server repeats it in its answer."""
    echo = {"X-Error-Message": f"Bearer {TOKEN} is not enough", "Retry-After": "3600"}
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, echo, times=99)
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
        assert server.of_file("HEAD")[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert outcome.error == "HubError"
    assert_token_is_nowhere(outcome, place)


@pytest.mark.slow
def test_token_is_never_shown_on_success(place: Place) -> None:
    """The token is sent and recorded nowhere."""
    with hub({NAME: GOOD}, token=TOKEN) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=TOKEN)
    assert outcome.manifest is not None
    assert_token_is_nowhere(outcome, place)


@pytest.mark.slow
def test_malformed_token_is_not_quoted(place: Place) -> None:
    """A token that no header can carry, which the transport would quote, is not quoted."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, HF_TOKEN=f"{TOKEN}…")
    assert outcome.error == "HubError"
    assert "characters of HF_TOKEN" in outcome.message
    assert_token_is_nowhere(outcome, place)


@pytest.mark.slow
def test_password_in_the_endpoint_is_not_quoted(place: Place) -> None:
    """A message names the host of HF_ENDPOINT and not the credentials in front of it."""
    outcome = run_fetch(place, f"http://user:{TOKEN}@127.0.0.1:{closed_port()}")
    assert "127.0.0.1" in outcome.message
    assert TOKEN not in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"RateLimit": '"resolver";r=0;t=12'}, 12),
        ({"Retry-After": "7"}, 7),
        ({"RateLimit": '"resolver";r=0;t=12', "Retry-After": "7"}, 12),
    ],
    ids=["RateLimit", "Retry-After", "both"],
)
def test_rate_limit_then_success(
    place: Place, method: str, headers: dict[str, str], wait: int
) -> None:
    """A 429 is waited out for as long as the Hub says, and then the file arrives."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(429, headers, methods=(method,))
        outcome = run_fetch(place, server.endpoint)
    assert place.counters.read_bytes() == GOOD
    assert outcome.slept == [wait + 1]  # the client adds one second


@pytest.mark.slow
def test_rate_limit_for_ever(place: Place) -> None:
    """A 429 that does not end gives the wait that the Hub announced, after the client's retries."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(429, {"RateLimit": '"resolver";r=0;t=12'}, times=999)
        outcome = run_fetch(place, server.endpoint)
        assert len(server.requests) < 20
    assert outcome.error == "HubError"
    assert "(429) and says to wait 12 s" in outcome.message
    assert outcome.slept == [13] * 5
    assert_nothing_written(place)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "status"), [("HEAD", 429), ("GET", 429), ("HEAD", 503)])
def test_a_named_wait_is_taken_as_often_as_the_client_asks(
    place: Place, method: str, status: int
) -> None:
    """The client waits as it is told, five times; then the message gives the wait."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, {"Retry-After": "140"}, methods=(method,), times=99)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"({status}) and says to wait 140 s" in outcome.message
    assert outcome.slept == [141] * 5


@pytest.mark.slow
def test_server_error_then_success(place: Place) -> None:
    """A short failure of the server is outlived."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(503, times=2, methods=("HEAD",))
        outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert outcome.slept == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_error_for_ever(place: Place, status: int) -> None:
    """A server that keeps failing is reported as such, after the client's retries."""
    with hub({NAME: GOOD}) as server:
        server.faults.refuse(status, times=999)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert f"failed ({status})" in outcome.message
    assert "DATA=bundled" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_cut_connection_is_resumed(place: Place, redirect: bool) -> None:
    """A connection that is cut goes on after the last whole block that the client has kept."""
    large = parquet(rows=3 * BLOCK // 16, compression="none")
    with hub({NAME: large}, redirect=redirect) as server:
        server.faults.cut(BLOCK + 1_000)
        server.faults.cut(1_000)
        outcome = run_fetch(place, server.endpoint, release=replace(RELEASE, max_bytes=len(large)))
        ranges = [seen.headers.get("range") for seen in server.of_file("GET")]
    assert ranges == [None, f"bytes={BLOCK}-", f"bytes={BLOCK}-"]
    assert outcome.manifest["sha256"] == hashlib.sha256(large).hexdigest()
    assert place.counters.read_bytes() == large


@pytest.mark.slow
def test_cut_connection_of_a_small_file(place: Place) -> None:
    """A file smaller than one block is asked for again from its start."""
    with hub({NAME: GOOD}) as server:
        server.faults.cut(1_000, times=2)
        outcome = run_fetch(place, server.endpoint)
        assert [seen.headers.get("range") for seen in server.of_file("GET")] == [None] * 3
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_a_killed_download_is_begun_anew(place: Place) -> None:
    """The client's part of a killed download is read by nobody: the next run is whole and right."""
    large = parquet(rows=3 * BLOCK // 16, compression="none")
    release = replace(RELEASE, max_bytes=len(large))
    with hub({NAME: large}) as server, relay(server, stall=BLOCK + 1_000) as front:
        killed = subprocess.Popen(
            command(release, place, TODAY),
            env=environment(place, front.endpoint),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert front.reached.wait(timeout=60)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(timeout=60) == -signal.SIGKILL
        parts = list(place.home.rglob("*.incomplete"))
        assert_nothing_written(place)
        outcome = run_fetch(place, server.endpoint, release=release)
        ranges = [seen.headers.get("range") for seen in server.of_file("GET")]
    assert len(parts) == 1
    assert ranges == [None, None]
    assert outcome.manifest["sha256"] == hashlib.sha256(large).hexdigest()
    assert place.counters.read_bytes() == large


@pytest.mark.slow
def test_connection_cut_for_ever(place: Place) -> None:
    """A connection that is always cut ends in an error and leaves no part of the file."""
    with hub({NAME: GOOD}) as server:
        server.faults.cut(0, times=99)
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "(RemoteProtocolError)" in outcome.message
    assert_nothing_written(place)
    assert not list(place.home.rglob("*.incomplete"))


@pytest.mark.slow
def test_offline_without_cache(place: Place) -> None:
    """Offline and without a cached copy, the remedies are named and nobody is asked."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, HF_HUB_OFFLINE="1")
        assert server.requests == []
    assert outcome.error == "HubError"
    assert "unset HF_HUB_OFFLINE" in outcome.message
    assert "DATA=bundled" in outcome.message


@pytest.mark.slow
def test_offline_with_cache(place: Place) -> None:
    """Offline, a cached copy fills a new folder."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        asked = len(server.requests)
        elsewhere = replace(place, folder=place.folder.with_name("second run"))
        outcome = run_fetch(elsewhere, server.endpoint, HF_HUB_OFFLINE="1")
        assert len(server.requests) == asked
    assert outcome.manifest is not None
    assert elsewhere.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_offline_with_damaged_cache(place: Place) -> None:
    """Offline, a damaged cached copy is refused for what it is."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
        for blob in place.home.glob("hub/*/blobs/*"):
            blob.write_bytes(b"damaged")
        outcome = run_fetch(place, server.endpoint, HF_HUB_OFFLINE="1")
    assert outcome.error == "SourceError"
    assert "instead of Parquet" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b"PAR1 no footer", "damaged or other content"),
        (b"", "empty"),
    ],
    ids=["HTML", "damaged", "empty"],
)
def test_content_is_not_parquet(place: Place, body: bytes, kind: str) -> None:
    """What is not Parquet is refused for what it is; once the fault is gone, the file arrives."""
    with hub({NAME: GOOD}) as server:
        server.faults.body = body
        refused = run_fetch(place, server.endpoint)
        assert_nothing_written(place)
        server.faults.body = None
        accepted = run_fetch(place, server.endpoint)
    assert refused.error == "SourceError"
    assert f"{NAME} is {kind} instead of Parquet" in refused.message
    assert accepted.manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_wrong_length(place: Place) -> None:
    """Content of another size than announced is refused."""
    with hub({NAME: GOOD}) as server:
        server.faults.announced = len(GOOD) + 10
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "another size than announced" in outcome.message
    assert_nothing_written(place)


@pytest.mark.slow
@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_too_large(place: Place, redirect: bool) -> None:
    """A file larger than the limit is refused before any of its content is asked for."""
    with hub({NAME: GOOD}, redirect=redirect) as server:
        small = replace(RELEASE, max_bytes=len(GOOD) - 1)
        outcome = run_fetch(place, server.endpoint, release=small)
        assert server.of_file("GET") == []
    assert outcome.error == "SourceError"
    assert f"{len(GOOD):,} bytes" in outcome.message
    assert "released.max_bytes" in outcome.message


@pytest.mark.slow
@pytest.mark.parametrize("redirect", [False, True], ids=["direct", "redirect"])
def test_unknown_size(place: Place, redirect: bool) -> None:
    """A file whose size is not stated cannot be held against the limit and is not asked for."""
    with hub({NAME: GOOD}, redirect=redirect) as server:
        server.faults.unsized = True
        outcome = run_fetch(place, server.endpoint)
        assert server.of_file("GET") == []
    assert outcome.error == "HubError"
    assert "the size" in outcome.message


@pytest.mark.slow
def test_size_at_the_limit(place: Place) -> None:
    """A file of exactly the largest size is fetched."""
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint, release=replace(RELEASE, max_bytes=len(GOOD)))
    assert outcome.manifest is not None


@pytest.mark.slow
def test_answer_of_another_commit(place: Place) -> None:
    """An endpoint that answers with another commit than the pinned one is not believed."""
    with hub({NAME: GOOD}) as server:
        server.faults.commit = "f" * 40
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "HubError"
    assert "HF_ENDPOINT" in outcome.message


@pytest.mark.slow
def test_server_down(place: Place) -> None:
    """A server that cannot be reached is named, after the client's retries."""
    outcome = run_fetch(place, f"http://127.0.0.1:{closed_port()}")
    assert outcome.error == "HubError"
    assert "connection to 127.0.0.1 failed (ConnectError)" in outcome.message
    assert "DATA=bundled" in outcome.message
    assert outcome.slept == [1, 2, 4, 8, 8]


@pytest.mark.slow
def test_server_down_with_cache(place: Place) -> None:
    """A cached copy is used where the server is down."""
    with hub({NAME: GOOD}) as server:
        run_fetch(place, server.endpoint)
        place.counters.unlink()
    outcome = run_fetch(place, server.endpoint)
    assert outcome.manifest is not None
    assert place.counters.read_bytes() == GOOD


@pytest.mark.slow
def test_cache_cannot_be_written(place: Place) -> None:
    """A cache folder that cannot be made is an error of the disk, with its own remedy."""
    place.home.write_text("a file where the folder should be")
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "OutputError"
    assert "HF_HOME" in outcome.message
    assert_nothing_written(place)


@pytest.mark.slow
def test_folder_cannot_be_written(place: Place) -> None:
    """A run's folder that cannot be made is an error of the disk."""
    place.folder.write_text("a file where the folder should be")
    with hub({NAME: GOOD}) as server:
        outcome = run_fetch(place, server.endpoint)
    assert outcome.error == "OutputError"


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (TimeoutError(errno.ETIMEDOUT, "timed out"), HubError, "TimeoutError"),
        (OSError(errno.ENOSPC, "No space left on device"), OutputError, "No space left"),
        (OSError("Consistency check failed"), HubError, "another size"),
        (httpx2.StreamError(f"storage said {TOKEN}"), HubError, "StreamError"),
        (httpx2.InvalidURL(f"address {TOKEN}"), HubError, "InvalidURL"),
        (httpx2.DecodingError(f"storage said {TOKEN}"), HubError, "DecodingError"),
    ],
)
def test_failures_of_the_client(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    expected: type[ReplicationError],
    words: str,
) -> None:
    """What the client and its transport raise becomes an error with a remedy that quotes none of its text."""

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(place.home))
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", fail)
    with pytest.raises(expected, match=words) as caught:
        fetch(RELEASE, place.folder, today=TODAY)
    assert TOKEN not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("bug", [TypeError, KeyError, AttributeError, AssertionError])
def test_a_fault_of_the_code_is_no_failed_connection(
    place: Place, monkeypatch: pytest.MonkeyPatch, bug: type[Exception]
) -> None:
    """What is neither of the client nor of the network comes out as it was raised."""

    def fail(*_: object, **__: object) -> None:
        raise bug("a bug")

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(place.home))
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", fail)
    with pytest.raises(bug, match="a bug"):
        fetch(RELEASE, place.folder, today=TODAY)


@pytest.mark.parametrize("proxy", ["gopher://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_that_the_client_cannot_use_is_a_matter_of_settings(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    """The client refuses it with an error of no class of its own; the same error of ours is a bug."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ValueError if "gopher" in proxy else ImportError) as caught:
        httpx2.Client()
    assert is_failure(caught.value)
    with pytest.raises(ValueError, match="many") as ours:
        smaller("limit=many", 1)
    assert not is_failure(ours.value)


def known_manifest(**changes: str) -> manifest.Manifest:
    """Return a manifest of the release with the hash `a`."""
    address = {"repository": REPOSITORY, "revision": REVISION, "filename": NAME, "sha256": "a"}
    about = dict.fromkeys(("source", "title", "citation", "url", "licence", "client"), "")
    return manifest.Manifest(**{**about, **address, "accessed": TODAY, **changes}, bytes=1, rows=1)


@pytest.mark.parametrize(
    ("known", "present", "action"),
    [
        (known_manifest(), "a", "keep"),
        (known_manifest(title="another", accessed=LATER), "a", "keep"),
        (known_manifest(), "b", "download"),
        (known_manifest(), None, "download"),
        (known_manifest(revision="f" * 40), "a", "download"),
        (known_manifest(repository="owner/another"), "a", "download"),
        (known_manifest(filename="another.parquet"), "a", "download"),
        (known_manifest(repository="a/mirror", asked=f"{REPOSITORY}@{REVISION}"), "a", "keep"),
        (known_manifest(repository="a/mirror", asked=f"{REPOSITORY}@main"), "a", "download"),
    ],
)
def test_decide(known: manifest.Manifest, present: str | None, action: str) -> None:
    """Only the known content of the same address, or the answer to the same commit, is kept."""
    assert decide(known_manifest(sha256=""), known, present) == action


@pytest.mark.parametrize(("demanded", "action"), [("a", "keep"), ("b", "download")])
def test_decide_by_the_demanded_hash(demanded: str, action: str) -> None:
    """Where a hash is demanded, content of another is not kept at any address."""
    assert decide(known_manifest(sha256=demanded), known_manifest(), "a") == action


def test_a_name_is_decided_by_its_commit() -> None:
    """An earlier answer to the same name is kept only while the name stands for that commit."""
    known = known_manifest(revision="1" * 40, asked=f"{REPOSITORY}@main")
    moved = known_manifest(revision="2" * 40, asked=f"{REPOSITORY}@main")
    assert decide(known, known, "a") == "keep"
    assert decide(moved, known, "a") == "download"


def test_a_manifest_keeps_what_is_empty_only_where_it_always_was() -> None:
    """Fields that may be empty are written only where they say something, and read back."""
    plain = known_manifest()
    told = replace(plain, trust="first use", asked="owner/dataset@main")
    assert "trust" not in plain.to_dict()
    assert {"trust", "asked", "title"} <= told.to_dict().keys()
    assert manifest.Manifest(**told.to_dict()) == told
    assert manifest.Manifest(**plain.to_dict()) == plain


def test_another_file_or_revision_of_a_release() -> None:
    """A hash belongs to one revision of one file, and is not carried to another."""
    release = replace(RELEASE, sha256="0" * 64)
    assert release.at() == release.at(revision=REVISION, filename=NAME) == release
    other = release.at(filename="all_downloads_with_annotations.parquet")
    assert (other.filename, other.revision, other.sha256) == (
        "all_downloads_with_annotations.parquet", REVISION, "",
    )  # fmt: skip
    assert release.at(revision="main") == replace(RELEASE, revision="main")


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"RateLimit": '"api";r=0;t=12'}, 12),
        (429, {"RateLimit": '"api"; r=0; t=12', "Retry-After": "3"}, 12),
        (429, {"RateLimit": '"api";r=5;t=12', "Retry-After": "3"}, 3),
        (429, {"RateLimit": '"api";r=5;t=12'}, None),
        (429, {"RateLimit": "nonsense", "Retry-After": " 3 "}, 3),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (429, {"Retry-After": "²"}, None),
        (503, {"RateLimit": '"api";r=0;t=12'}, None),
        (503, {"Retry-After": "3"}, 3),
        (200, {"RateLimit": '"api";r=0;t=12', "Retry-After": "3"}, None),
        (404, {"Retry-After": "3"}, None),
        (429, {}, None),
    ],
)
def test_announced_wait(status: int, headers: dict[str, str], seconds: int | None) -> None:
    """The wait is read as the client reads it, and never from an answer that is final."""
    assert announced_wait(status, headers) == seconds
