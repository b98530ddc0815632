"""The page in Chromium: every control, every link, every download, and nothing asked for outside."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from replication.places import ROOT
from replication.report.page import document

playwright = pytest.importorskip("playwright.sync_api", reason="make browser installs Playwright")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="make browser installs axe"
)
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
PAGE = ROOT / "page" / "index.html"
RESULTS = ROOT / "results"
VIEWS = ("lead", "shares", "units", "series", "grid", "claims", "registry")
WIDTHS = (390, 820, 1440)
NARROW = "\u202f"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of this file."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """The page, which must say nothing on the console and ask for nothing."""
    with opened(browser) as found:
        yield found


class opened:  # noqa: N801 -- read as a function
    """A page that is open, and what it did beside being shown."""

    def __init__(self, browser: Any, path: Path = PAGE, fragment: str = "", **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append("a dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri() + fragment)
        self.page.wait_for_selector("html[data-ready]")

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, kind: type[BaseException] | None, *others: object) -> None:
        self.context.close()
        outside = [url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))]
        if kind is None:
            assert self.said == []
            assert outside == []


def lead(page: Any) -> str:
    """What the page says of the lead."""
    return str(page.inner_text("#lead"))


def shown(page: Any) -> tuple[str, ...]:
    """What the page says under its present choices."""
    places = ("lead", "lead-shares", "present", "grid-note", "series-note", "out", "found")
    return tuple(page.inner_text(f"#{place}") for place in places)


def until(page: Any, condition: str) -> None:
    """Wait for what the page does a moment later; its policy lets no condition run inside it."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def numbers() -> Any:
    """The numbers of the text."""
    return json.loads((RESULTS / "numbers.json").read_text(encoding="utf-8"))


def test_the_page_opens_with_the_numbers_of_the_text(page: Any) -> None:
    """Shares, lead, range and the count of combinations are those of numbers.json."""
    known = {
        key: str(number["display"]).replace("\u00a0", " ") for key, number in numbers().items()
    }
    said = [text.replace(NARROW, " ").replace("\u00a0", " ") for text in shown(page)]
    assert said[0] == f"{known['w-lead'][0].upper()}{known['w-lead'][1:]}."
    assert f"China {known['w-china']}, USA {known['w-usa']} of {known['w-total']}" in said[1]
    assert f"{known['w-ahead-least']} to {known['w-ahead-most']} points" in said[1]
    assert f"China leads in {known['w-ahead']} of {known['w-specifications']}" in said[3]


def test_shares_by_group_are_those_of_the_estimates(page: Any) -> None:
    """Every group's share at the usual choices, by its table."""
    table = pd.DataFrame(csv.DictReader(io.StringIO(downloaded(page, "shares.csv").decode())))
    shares = table.set_index("group")["share_percent"].astype(float) / 100
    rows = pd.read_csv(RESULTS / "window_estimates.csv").query(
        "estimand == 'window-2025-08' and attribution == 'uploader' and labels == 'registry' "
        "and method == 'bounds'"
    )
    points = rows.set_index("group")["point"]
    assert (shares - points[shares.index]).abs().max() < 1e-9


def downloaded(page: Any, name: str) -> bytes:
    """The file that a button makes."""
    with page.expect_download() as waiting:
        page.click(f'button[data-file="{name}"]')
    assert waiting.value.suggested_filename == name
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_csv_an_svg_and_a_png(view: str, page: Any) -> None:
    """A table with a header and rows, a picture that stands alone, and one of pixels."""
    rows = list(csv.reader(io.StringIO(downloaded(page, f"{view}.csv").decode())))
    assert len(rows) > 3
    assert {len(row) for row in rows} == {len(rows[0])}
    picture = downloaded(page, f"{view}.svg").decode()
    assert picture.startswith("<svg")
    assert "<title>" in picture
    assert downloaded(page, f"{view}.png").startswith(b"\x89PNG")


@pytest.mark.parametrize("source", ["records", "released"])
def test_every_choice_can_be_made_and_is_restored_from_its_link(source: str, browser: Any) -> None:
    """Each option of each control is in the address, and a page opened there says the same."""
    with opened(browser) as page, opened(browser) as other:
        page.check(f"#source-{source}")
        for control in [
            node.get_attribute("id") for node in page.query_selector_all("#choices select")
        ]:
            options = page.eval_on_selector_all(
                f"#{control} option", "all => all.map(o => o.value)"
            )
            for value in options:
                page.select_option(f"#{control}", value)
                assert page.input_value(f"#{control}") == value
            other.goto(page.url)
            other.reload()
            other.wait_for_selector("html[data-ready]")
            assert other.input_value(f"#{control}") == options[-1]
            assert shown(other) == shown(page)
        assert not page.is_disabled("#usual")
        page.click("#usual")
        assert page.is_disabled("#usual")


def test_a_choice_that_was_not_computed_moves_another_and_says_so(page: Any) -> None:
    """Age limits beside the usual one go with the usual filling alone."""
    page.select_option("#choice-filling", "geometric")
    page.select_option("#choice-age_limit_days", "180")
    assert page.input_value("#choice-filling") == "standard"
    assert "Gaps between records" in page.inner_text("#moved")


def test_what_a_choice_set_aside_comes_back_after_it(page: Any) -> None:
    """What was seen alone goes with nothing added; after it, the former addition is set again."""
    before = shown(page)
    page.select_option("#choice-filling", "seen")
    assert page.input_value("#choice-capture") == "none"
    page.select_option("#choice-filling", "standard")
    assert shown(page) == before


def test_another_source_says_what_it_sets_back(page: Any) -> None:
    """A developer left out of the one is not left out of the other."""
    page.check("#source-released")
    assert page.inner_text("#moved") == ""
    page.check("#source-records")
    page.click('button[data-unit="Alibaba (Qwen)"]')
    page.check("#source-released")
    assert "set back" in page.inner_text("#moved")


def test_doubtful_labels_have_a_range_of_their_own(page: Any) -> None:
    """It spans the leads of window_changes, and is there by the registry's labels alone."""
    table = pd.DataFrame(csv.DictReader(io.StringIO(downloaded(page, "lead.csv").decode())))
    ends = table.set_index("range").loc["Doubtful countries all to one side"]
    changes = pd.read_csv(RESULTS / "window_changes.csv").set_index("change")["lead"]
    for end, labels in (("lower_points", "registry-low"), ("upper_points", "registry-high")):
        assert abs(float(ends[end]) - 100 * changes[f"labels/{labels}"]) < 1e-6
    page.select_option("#choice-labels", "study")
    assert "Doubts of countries" in page.inner_text("#missing")


def test_a_link_to_a_changed_view_says_so_first(browser: Any) -> None:
    """Its lead stands above the headline; a link to the usual view says nothing."""
    with opened(browser, fragment="#without-developer=Unsloth") as page:
        assert "without Unsloth" in page.inner_text("#opened")
        assert lead(page) in page.inner_text("#opened")
        page.click("#out button")
        assert not page.is_visible("#opened")
    with opened(browser) as page:
        assert not page.is_visible("#opened")


def test_what_records_follow_has_china_ahead_at_the_end(page: Any) -> None:
    """The lines in short link to the view that they speak of."""
    page.click('#short a[href*="capture=none"]')
    until(page, "document.querySelector('#choice-capture').value === 'none'")
    table = pd.DataFrame(csv.DictReader(io.StringIO(downloaded(page, "series.csv").decode())))
    ahead = table.set_index("month")["lead_points"].astype(float) > 0
    passing = pd.read_csv(RESULTS / "window_passing.csv").query(
        "scope == 'all' and measure == 'estimate'"
    )
    assert ahead.sum() == passing["months_ahead"].iloc[0]
    page.click("#series-note button")
    assert page.input_value("#choice-capture") == "proportion"


def test_a_view_of_nothing_has_no_buttons(page: Any) -> None:
    """Without a chart and without rows there is nothing to download."""
    page.select_option("#choice-age_limit_days", "180")
    assert not page.is_visible("#tools-series")
    page.fill("#find", "zzzz")
    until(page, "document.querySelector('#found').textContent.startsWith('0 of')")
    assert not page.is_visible("#tools-registry")


def test_combinations_are_as_many_as_the_text_says(page: Any) -> None:
    """The file holds each different one once."""
    rows = list(csv.reader(io.StringIO(downloaded(page, "grid.csv").decode())))
    assert f"of {len(rows) - 1:,} different" in page.inner_text("#grid-note")


def test_tables_scroll_inside_their_box(browser: Any) -> None:
    """On a phone no table widens the page, and its values are rounded."""
    with opened(browser, viewport={"width": 390, "height": 844}) as page:
        for summary in page.query_selector_all(".astable summary"):
            summary.click()
        until(page, "document.querySelectorAll('.astable table').length >= 4")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert "14.8" in page.inner_text("#tools-shares table")
        assert not re.search(r"\d\.\d{2}", page.inner_text("#tools-shares table"))


def test_the_range_of_the_records_is_shown_where_it_was_computed_alone(page: Any) -> None:
    """Elsewhere the page says that there is none."""
    assert "errors of the records alone" in page.inner_text("#lead-shares")
    page.select_option("#choice-attribution", "origin")
    assert "errors of the records alone" not in page.inner_text("#lead-shares")
    assert "none is known for these" in page.inner_text("#missing")


def test_a_developer_is_left_out_and_put_back(page: Any) -> None:
    """The lead without it is that of window_changes, and the range of the records goes."""
    changes = pd.read_csv(RESULTS / "window_changes.csv").set_index("label")["lead"]
    before = lead(page)
    page.click('button[data-unit="Alibaba (Qwen)"]')
    assert f"{abs(100 * changes['without Alibaba (Qwen)']):.1f} points" in lead(page)
    assert "none is known for these" in page.inner_text("#missing")
    assert page.is_visible("#out")
    page.click("#out button")
    assert lead(page) == before
    assert not page.is_visible("#out")


def test_a_repository_is_left_out(page: Any) -> None:
    """The largest one, as in window_changes."""
    table = pd.read_csv(RESULTS / "window_changes.csv").query("kind == 'repository'")
    page.check("input[name=by][value=repository]")
    name = page.get_attribute("#units-body tr:first-child button", "data-unit")
    assert table["label"].iloc[0] == f"without {name}"
    page.click("#units-body tr:first-child button")
    assert f"{abs(100 * table['lead'].iloc[0]):.1f} points" in lead(page)


def test_back_goes_back(page: Any) -> None:
    """The button of the browser undoes one change after the other."""
    first = shown(page)
    page.select_option("#choice-labels", "study")
    second = shown(page)
    page.check("#source-released")
    page.go_back()
    assert shown(page) == second
    page.go_back()
    assert shown(page) == first
    page.go_forward()
    assert shown(page) == second


def test_a_change_is_said_to_a_screen_reader(page: Any) -> None:
    """The lead is a live region whose text changes."""
    assert page.get_attribute("#lead", "aria-live") == "polite"
    before = lead(page)
    page.select_option("#choice-labels", "registry-high")
    assert lead(page) != before


def test_the_page_works_by_keyboard(page: Any) -> None:
    """The first stop leads to the parts, and a control changes by its keys."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#choice-treatment")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#choice-treatment") == "left-out"
    page.focus("#parts a:last-child")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "registry-title"


def test_going_to_a_part_keeps_the_state(page: Any) -> None:
    """Links to parts of the page, and the first stop of the keyboard, change no choice."""
    page.select_option("#choice-labels", "study")
    said = lead(page)
    page.click("#parts a:nth-child(4)")
    assert lead(page) == said
    page.focus(".skip")
    page.keyboard.press("Enter")
    assert lead(page) == said
    assert page.input_value("#choice-labels") == "study"
    assert page.evaluate("document.activeElement.id") == "explore-title"


def test_months_are_those_of_the_window(page: Any) -> None:
    """Downloads of both sides in every month, as in window_months."""
    table = pd.DataFrame(csv.DictReader(io.StringIO(downloaded(page, "series.csv").decode())))
    made = table.set_index("month")[["China", "USA", "total"]].astype(float)
    months = pd.read_csv(RESULTS / "window_months.csv").query("scope == 'all'")
    wide = months.pivot_table(index="month", columns="series", values="corrected")
    assert (made - wide.loc[made.index, ["China", "USA", "total"]]).abs().max().max() == 0


def test_weeks_are_those_of_the_released_file(page: Any) -> None:
    """Shares of both sides in every week, as in weekly_shares."""
    page.check("#source-released")
    table = pd.DataFrame(csv.DictReader(io.StringIO(downloaded(page, "series.csv").decode())))
    made = table.set_index("week").astype(float)
    weeks = pd.read_csv(RESULTS / "weekly_shares.csv").query(
        "series == 'weekly' and attribution == 'uploader' and labels == 'study'"
    )
    wide = weeks.pivot_table(index="week", columns="group", values="share")
    for side in ("China", "USA"):
        assert (made[side] / made["total"] - wide.loc[made.index, side]).abs().max() < 1e-9


def test_what_has_no_series_says_so(page: Any) -> None:
    """No months under another filling, no weeks by maker."""
    page.select_option("#choice-filling", "geometric")
    assert "Months are kept for" in page.inner_text("#series-note")
    assert not page.is_visible("#chart-series")
    page.check("#source-released")
    page.select_option("#choice-attribution", "maker")
    assert "no makers" in page.inner_text("#series-note")


def test_the_registry_is_searched(page: Any) -> None:
    """A name finds its developer with its evidence, and the search is in the link."""
    page.fill("#find", "deepseek-ai")
    until(page, "location.hash.includes('find=deepseek-ai')")
    assert "DeepSeek" in page.inner_text("#developers li:first-child h3")
    assert page.get_attribute("#developers li:first-child a", "href").startswith("http")
    page.fill("#find", "no such name at all")
    until(page, "document.querySelector('#found').textContent.startsWith('0 of')")


def test_the_ledger_is_filtered_by_its_answer(page: Any) -> None:
    """As many claims as the table has with the answer."""
    claims = pd.read_csv(RESULTS / "claims.csv")
    page.select_option("#answer", "contradicted")
    count = (claims["answer"] == "contradicted").sum()
    assert page.locator("#claims-body tr").count() == count
    page.select_option("#answer", "")
    page.click("#more-claims")
    assert page.locator("#claims-body tr").count() == len(claims)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_of_a_chart_is_cut(browser: Any, width: int) -> None:
    """Long names and statements have several lines, each inside the chart, and all their words."""
    with opened(browser, viewport={"width": width, "height": 900}) as page:
        words = "[...document.querySelectorAll('#chart-{} text')].map((text) => [...text.childNodes].map((part) => part.textContent).join(' ')).join('|')"
        claims = page.evaluate(words.format("claims"))
        for claim in page.evaluate("claimsInPoints().map((claim) => claim.statement)"):
            assert claim in claims
        assert "Unsloth" in page.evaluate(words.format("units"))
        for view in VIEWS:
            assert "…" not in page.evaluate(words.format(view))
        beyond = """[...document.querySelectorAll('#chart-claims text, #chart-units text')].filter((text) =>
            text.getBoundingClientRect().right > text.closest('svg').getBoundingClientRect().right + 1)"""
        assert page.evaluate(f"{beyond}.map((text) => text.textContent)") == []


def test_more_units_are_shown_on_demand(page: Any) -> None:
    """The list is short at first."""
    few = page.locator("#units-body tr").count()
    page.click("#more")
    assert page.locator("#units-body tr").count() > few


def test_evidence_on_a_developer_is_one_click_away(page: Any) -> None:
    """The registry then holds who it is."""
    page.click('button[aria-label="Evidence on Unsloth"]')
    assert "Unsloth" in page.inner_text("#developers li:first-child h3")


def test_the_link_can_be_copied(page: Any) -> None:
    """The box holds the address of the present state."""
    page.select_option("#choice-labels", "study")
    page.click("#copy")
    until(page, "document.querySelector('#copied').textContent")
    assert page.input_value("#address").endswith("#labels=study")


def test_a_table_opens_beside_a_view(page: Any) -> None:
    """It holds a row for each group."""
    page.click("#tools-shares summary")
    assert "International / Online" in page.inner_text("#tools-shares table")


def test_an_address_of_nonsense_opens_the_usual_page(browser: Any) -> None:
    """Unknown sources, choices and names are passed over."""
    with opened(browser) as page:
        usual = shown(page)
    nonsense = "#source=%3Cb%3E&labels=none&capture=x&without-developer=Nobody&at=nowhere&by=z"
    with opened(browser, fragment=nonsense) as page:
        assert shown(page) == usual


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_accessible(width: int, scheme: str, browser: Any) -> None:
    """Nothing is wider than the screen, and axe finds nothing serious."""
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    with opened(browser, bypass_csp=True, **options) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        found = axe.Axe().run(page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"]) for v in found
                   if v["impact"] in {"serious", "critical"}]  # fmt: skip
        assert serious == []


def test_it_prints_on_a_light_ground(browser: Any) -> None:
    """Of a dark screen too."""
    with opened(browser, color_scheme="dark") as page:
        page.emulate_media(media="print")
        until(page, "document.querySelector('#chart-shares svg').style.background.includes('255')")
        assert not page.is_visible("#choices")


def test_a_hostile_name_is_shown_as_text(browser: Any, tmp_path: Path) -> None:
    """Names of developers, repositories, claims and the registry that look like markup do nothing."""
    text = PAGE.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0]
    data, hostile = json.loads(text), "</script><img src=x onerror=alert(1)><b>x"
    rows = data["sources"][0]["rows"]
    place = rows["developers"].index("Alibaba (Qwen)")
    rows["developers"][place] = hostile
    rows["names"] = [hostile if name.startswith("Qwen/") else name for name in rows["names"]]
    for column in ("statement", "answer", "reason", "source", "turned_by", "url"):
        data["claims"][0][column] = hostile
    data["registry"]["rows"][0] = [hostile] * len(data["registry"]["columns"])
    path = tmp_path / "index.html"
    parts = {"headline": "", "short": ""}
    path.write_text(document.document(hostile, hostile, parts, [hostile], data), encoding="utf-8")
    with opened(browser, path) as page:
        assert page.inner_text("#units-body tr:nth-child(2) th") == hostile
        page.check("input[name=by][value=repository]")
        assert page.locator("img").count() == 0
        page.locator(f'button[aria-label="Leave out {hostile}"]').first.click()
        assert hostile in page.inner_text("#out")
