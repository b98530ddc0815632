"""The crawl of the Hub's list of models against a Hub that fails, refuses, lies or never ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import huggingface_hub.constants
import pytest
from crawls import WAITS, Desk, desk

from replication.errors import HubError, ReplicationError
from replication.validation.synthetic.server import hub
from replication.validation.synthetic.server_api import Hold, Quota

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a place to crawl 35 models in pages of ten."""
    with desk(tmp_path, monkeypatch) as found:
        yield found


def fails(place: Desk, words: str, **changes: Any) -> ReplicationError:
    """Crawl, and return the error of the Hub that it ends with."""
    with pytest.raises(HubError, match=words) as caught:
        place.run(**changes)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


def assert_goes_on(place: Desk, pages_kept: int) -> None:
    """Check that the pages were kept, and that the crawl is finished by asking for the others."""
    place.server.models.faults.clear()
    place.server.models.endless = False
    place.server.requests.clear()
    place.run()
    assert len(place.queries) == 4 - pages_kept
    assert len(place.rows()) == 35


# Failures that pass


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 2], ids=["first page", "third page"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502},
        {"status": 503},
        {"status": 504},
        {"status": 408},
        {"status": 429},
        {"cut": 40},
        {"cut": 0},
        {"longer": 10},
        {"body": b"<!DOCTYPE html><html>Sign in</html>"},
        {"body": b""},
        {"body": b'{"error": "later"}'},
        {"headers": {"Content-Encoding": "gzip"}},
    ],
    ids=str,
)
def test_a_failure_that_passes(place: Desk, after: int, fault: dict[str, Any]) -> None:
    """What fails once or twice is asked for again, the first page like any other."""
    place.fault(after=after, times=2, **fault)
    place.run()
    assert len(place.rows()) == 35
    assert place.slept == WAITS[:2]
    assert [p.waiting for p in place.told if p.waiting] == place.slept


def test_a_page_that_is_longer_than_stated(place: Desk) -> None:
    """A page cut by its own length is asked for again, as is the next one if the rest hit it."""
    place.fault(after=2, longer=-10)
    place.run()
    assert len(place.rows()) == 35
    assert place.slept in ([WAITS[0]], WAITS[:2])


@pytest.mark.slow
def test_a_slow_answer_is_asked_for_again(place: Desk) -> None:
    """An answer that does not begin in time counts as a connection that was cut."""
    hold = Hold()
    place.fault(hold=hold)
    place.run(timeout=2)
    assert not hold.released.is_set()
    hold.released.set()
    assert len(place.rows()) == 35
    assert place.slept == [WAITS[0]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 503}, r"page 3: 127.0.0.1 failed \(503\) and names no wait"),
        ({"status": 504}, r"page 3: 127.0.0.1 failed \(504\)"),
        ({"status": 429}, r"no more requests for now \(429\)"),
        ({"cut": 10}, r"connection to 127.0.0.1 failed \(RemoteProtocolError\)"),
        ({"body": b"<html>"}, "is HTML instead of a list of models"),
        ({"body": b"[1, 2"}, "is damaged or other content instead"),
        ({"body": b"[" * 100_000}, "is damaged or other content instead"),
        ({"body": b"[" + b"9" * 5_000 + b"]"}, "is damaged or other content instead"),
    ],
    ids=["503", "504", "429", "cut", "HTML", "damaged", "deep", "digits"],
)
def test_a_failure_that_does_not_pass(place: Desk, fault: dict[str, Any], words: str) -> None:
    """After a fixed number of attempts the crawl ends, says what is kept, and can be gone on with."""
    place.fault(after=2, times=99, **fault)
    error = fails(place, words)
    assert place.slept == WAITS
    assert f"2 pages with 20 models are kept in {place.pages}" in error.remedy
    assert "the same command goes on after them" in error.remedy
    assert_goes_on(place, 2)


@pytest.mark.slow
def test_a_deep_cursor_that_times_out_is_asked_for_with_fewer_models(place: Desk) -> None:
    """After a 504 the page gets smaller, and the pages after it get larger again."""
    place.fault(after=2, times=3, status=504)
    place.run()
    assert [int(dict(parse_qsl(query))["limit"]) for query in place.queries] == (
        [10] * 3 + [5, 2, 1, 2, 3, 4, 5]
    )
    assert len(place.rows()) == 35


def test_a_server_that_is_down(place: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listening is a connection that fails, after every attempt."""
    with hub({}) as other:
        closed = other.endpoint
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", closed)
    assert "no page was read" in fails(place, "ConnectError").remedy
    assert place.slept == WAITS


# Waits


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "headers", "slept"),
    [
        (429, {"RateLimit": '"api";r=0;t=12'}, 13),
        (429, {"RateLimit": '"api";r=0;t=12', "Retry-After": "7"}, 13),
        (429, {"Retry-After": "7"}, 8),
        (503, {"Retry-After": "0"}, 1),
        (429, {"Retry-After": "-5"}, WAITS[0]),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, WAITS[0]),
        (429, {"Retry-After": "9" * 5_000}, WAITS[0]),
        (429, {"RateLimit": f'"api";r=0;t={"9" * 5_000}'}, WAITS[0]),
    ],
    ids=["RateLimit", "both", "Retry-After", "none", "negative", "date", "digits", "t digits"],
)
def test_named_waits_are_taken(
    place: Desk, status: int, headers: dict[str, str], slept: float
) -> None:
    """The Hub's own number of seconds is waited, and one that is no number counts as none."""
    place.fault(status=status, headers=headers)
    place.run()
    assert place.slept == [slept]


@pytest.mark.slow
def test_a_wait_beyond_the_limit_is_not_taken(place: Desk) -> None:
    """A wait that is longer than a page may take ends the run at once, with the pages kept."""
    place.fault(after=1, status=429, headers={"Retry-After": "86400"})
    error = fails(place, r"\(429\) and says to wait 86400 s")
    assert place.slept == []
    assert "1 pages with 10 models are kept" in error.remedy
    assert_goes_on(place, 1)


def test_a_refused_quota_is_waited_out(place: Desk) -> None:
    """A limit that another program has used up is waited out once, and the crawl goes on."""
    place.server.models.quota = quota = Quota(2, seconds=10, clock=lambda: sum(place.slept))
    quota.take()
    quota.take()
    place.run(page_size=35)
    assert quota.counts == [3, 2]
    assert place.slept == [12]


@pytest.mark.slow
@pytest.mark.parametrize("jump", [7_200, -7_200, -90_000.5])
def test_a_clock_that_is_set_changes_no_wait(
    place: Desk, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """With a clock that jumps at every look at it, waits and moments stay right."""
    jumps = count(0, jump)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    place.fault(after=1, status=503, headers={"Retry-After": "4"})
    place.fault(status=503)
    place.run()
    assert place.slept == [5, WAITS[1]]
    assert 0 <= seconds_between(place.record()) < 60


@pytest.mark.slow
def test_a_clock_that_was_set_back_between_two_runs(
    place: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page is never earlier than the first."""
    place.stop_after(1)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 90_000)
    place.run()
    assert seconds_between(place.record()) == 0


def seconds_between(record: dict[str, Any]) -> float:
    """Seconds from the first page to the last."""
    first, last = (datetime.fromisoformat(record[name]) for name in ("first_page", "last_page"))
    return (last - first).total_seconds()


# Lists that do not end


def test_a_page_that_repeats_for_ever(place: Desk) -> None:
    """A page without a new model that names a next one ends the crawl."""
    place.server.models.endless = True
    error = fails(place, "does not end: page 2 holds nothing new and names a next one")
    assert "1 pages with 10 models are kept" in error.remedy
    assert len(place.queries) == 2
    assert not (place.folder / "models").exists()


@pytest.mark.slow
def test_a_repeating_page_is_found_after_an_interruption(place: Desk) -> None:
    """What the pages on disk hold counts as seen."""
    place.stop_after(2)
    place.server.models.endless = True
    fails(place, "does not end: page 3 holds nothing new")


def test_a_cursor_that_repeats(place: Desk) -> None:
    """A next page that was asked for before ends the crawl without asking again."""
    place.stop_after(1)
    again = json.loads((place.pages / "state.json").read_text())["following"]
    link = f'<{place.server.endpoint}/api/models?{again}>; rel="next"'
    place.fault(headers={"Link": link})
    fails(place, "does not end: page 3 has been asked for before")
    assert len(place.queries) == 2


def test_an_empty_page_that_names_a_next_one(place: Desk) -> None:
    """A page of nothing is no end where it names a next one."""
    place.fault(after=1, body=b"[]")
    fails(place, "does not end: page 2 holds nothing new")


@pytest.mark.slow
def test_an_empty_last_page_is_the_end(place: Desk) -> None:
    """A page of nothing that names no next one ends the list."""
    place.fault(after=3, body=b"[]")
    assert place.run().rows == 30


@pytest.mark.slow
def test_the_number_of_pages_is_bounded(place: Desk) -> None:
    """More pages than are allowed are not asked for; with more allowed, the crawl goes on."""
    error = fails(place, "more pages than the 3 that are allowed", max_pages=3)
    assert f"kept in {place.pages}" in error.remedy
    assert len(place.queries) == 3
    place.run(max_pages=4)
    assert len(place.rows()) == 35
