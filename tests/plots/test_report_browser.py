"""The report in headless Chromium: what a reader sees and does. One browser for all tests of this file."""

import base64
import json
import re
import shutil
import time

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is missing: apt-get install python3-selenium")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20  # seconds for anything that the browser is asked
# No start page, no look-ups of its own: what then asks for the network is the page.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
             "--no-first-run", "--proxy-server=127.0.0.1:9", "--window-size=1280,900")


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with its driver: apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = program
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(service=Service(driver), options=options)
    found.set_page_load_timeout(PATIENCE)
    found.set_script_timeout(PATIENCE)
    yield found
    found.quit()


@pytest.fixture
def page(browser, report):
    """The report, freshly loaded on a desktop's screen in light colours."""
    show(browser)
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get((report / "report.html").as_uri())
    return browser


def show(browser, width=1280, media="", scheme="light"):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def until(condition):
    """Waits: a filter acts a moment after the last key."""
    deadline = time.monotonic() + PATIENCE / 4
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def network(browser, event):
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == f"Network.{event}":
            yield message["params"]


def speeds(page):
    """The texts of the column ops/s of the table that is sorted and filtered here, as they stand, without hidden ones."""
    return page.execute_script("""
        return [...document.querySelectorAll("#table-engines tbody tr:not([hidden])")]
          .filter((row) => row.cells.length > 1).map((row) => row.cells[2].textContent.split(" [")[0]);""")


def head(page, column):
    return page.find_element(By.CSS_SELECTOR, f"#table-engines thead th:nth-child({column})")


def type_into(field, text):
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text or Keys.DELETE)


AS_MADE = ["99.1 k", "240 k", "1.10 M", "unavailable: no memory", "32.1 k", "131 k", "240 M"]


def test_it_loads_without_an_error_or_a_request(page, report):
    assert page.title == "dictbench: Example Processor @ 2.25GHz, 2 CPUs"
    asked = {event["request"]["url"] for event in network(page, "requestWillBeSent")}
    assert asked == {(report / "report.html").as_uri()}
    assert page.get_log("browser") == []


def test_the_policy_forbids_what_would_be_loaded(page):
    page.execute_script("""
        document.body.append(Object.assign(new Image(), {src: "http://192.0.2.1/a.png"}));
        document.body.append(Object.assign(document.createElement("script"), {textContent: "document.title = 'run'"}));""")
    told = " ".join(entry["message"] for entry in page.get_log("browser"))
    assert told.count("Content Security Policy") >= 2 and page.title != "run"
    assert [event["blockedReason"] for event in network(page, "loadingFailed")] == ["csp"]


def test_numbers_sort_by_value_and_what_has_none_comes_last(page):
    assert speeds(page) == AS_MADE
    button = head(page, 3).find_element(By.TAG_NAME, "button")
    button.click()
    assert speeds(page) == ["32.1 k", "99.1 k", "131 k", "240 k", "1.10 M", "240 M", "unavailable: no memory"]
    assert head(page, 3).get_attribute("aria-sort") == "ascending"
    button.click()
    assert speeds(page) == ["240 M", "1.10 M", "240 k", "131 k", "99.1 k", "32.1 k", "unavailable: no memory"]
    assert head(page, 3).get_attribute("aria-sort") == "descending"
    button.click()
    assert speeds(page) == AS_MADE and head(page, 3).get_attribute("aria-sort") == "none"


def test_texts_sort_both_ways_by_keyboard(page):
    def engines():
        return page.execute_script("""
            return [...document.querySelectorAll("#table-engines tbody tr:not([hidden])")].map((row) => row.cells[0].textContent);""")

    button = head(page, 1).find_element(By.TAG_NAME, "button")
    button.send_keys(Keys.ENTER)
    assert engines() == ["boost-map", "lmdb", "lmdb", "null", "redis", "redis", "redis?pipeline=16"]
    assert head(page, 1).get_attribute("aria-sort") == "ascending"
    button.send_keys(Keys.SPACE)
    assert engines() == ["redis?pipeline=16", "redis", "redis", "null", "lmdb", "lmdb", "boost-map"]
    outline = page.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    head(page, 2).find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert head(page, 1).get_attribute("aria-sort") == "none"  # sorted by another column now


def test_a_table_filters_by_words_and_says_when_nothing_is_left(page):
    table = page.find_element(By.ID, "table-engines")
    field = table.find_element(By.CSS_SELECTOR, "input[type=search]")
    type_into(field, "LMDB k")
    until(lambda: speeds(page) == ["240 k", "131 k"])
    assert table.find_element(By.CLASS_NAME, "count").text == "2 of 7 rows"
    type_into(field, "no such engine")
    until(lambda: "No row holds “no such engine”." in table.text)
    type_into(field, "")
    until(lambda: speeds(page) == AS_MADE)
    assert "No row holds" not in table.text


def test_the_page_filters_all_tables_and_counts_what_is_left(page):
    field, found = page.find_element(By.ID, "filter-all"), page.find_element(By.CLASS_NAME, "found")
    type_into(field, "pipeline load-1m")  # a word of the row, and one of the table's title
    until(lambda: speeds(page) == ["1.10 M"])
    assert re.fullmatch(r"\d+ rows in \d+ tables", found.text)
    type_into(field, "no such engine")
    until(lambda: found.text == "No row of any table holds “no such engine”.")
    type_into(field, "")
    until(lambda: speeds(page) == AS_MADE and found.text == "")


def test_chips_choose_engines_and_processes(page):
    section = page.find_element(By.CSS_SELECTOR, "section#engines")
    chips = {chip.text: chip for chip in section.find_elements(By.CSS_SELECTOR, ".chips button")}
    assert {"redis", "lmdb", "null", "1", "2"} <= set(chips) and "redis?pipeline=16" not in chips
    chips["redis"].click()
    assert speeds(page) == ["99.1 k", "1.10 M", "32.1 k"] and chips["redis"].get_attribute("aria-pressed") == "true"
    chips["lmdb"].send_keys(Keys.SPACE)
    assert len(speeds(page)) == 5
    chips["1"].click()
    assert speeds(page) == ["32.1 k", "131 k"]
    for name in ("redis", "lmdb", "1"):
        chips[name].click()
    assert speeds(page) == AS_MADE


def test_records_filter_by_workload_and_engine(page):
    type_into(page.find_element(By.ID, "filter-records"), "zipf lmdb")
    until(lambda: [chapter.find_element(By.CLASS_NAME, "name").text for chapter in page.find_elements(
        By.CSS_SELECTOR, ".chapter") if chapter.is_displayed()] == ["zipf-95-5"])


def test_every_link_has_its_target_and_a_figure_opens_its_record(page):
    lost = page.execute_script("""
        return [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute("href"))
          .filter((name) => !name.startsWith("#") || !document.getElementById(name.slice(1)));""")
    assert lost == []
    link = page.find_element(By.LINK_TEXT, "1.10 M")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    link.click()
    record = page.find_element(By.ID, link.get_attribute("href").partition("#")[2])
    until(record.is_displayed)
    assert "redis?pipeline=16" in record.text and "2 processes" in record.text and "small.jsonl:" in record.text
    top = page.execute_script("return arguments[0].getBoundingClientRect().top", record)
    assert 0 <= top < 900
    run = record.find_element(By.CSS_SELECTOR, "a[href^='#run-']")
    run.click()
    assert page.execute_script("return document.querySelector(location.hash).open")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(page, width):
    show(page, width)
    page.execute_script("for (const fold of document.querySelectorAll('details')) fold.open = true;")
    wide = page.execute_script("""
        const inside = (element) => element.closest(".scroll, .picture, .hidden, .skip, .markers");
        return [document.documentElement.scrollWidth, [...document.body.querySelectorAll("*")]
          .filter((each) => !inside(each) && each.getBoundingClientRect().right > innerWidth + 0.5)
          .map((each) => each.tagName + "." + each.className)];""")
    assert wide == [width, []]


# Of every element with text of its own: its colour against the nearest ground that is not transparent.
CONTRASTS = """
    const channel = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
    const ground = (element) => {
      for (let each = element; each; each = each.parentElement) {
        const colour = parse(getComputedStyle(each).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    const found = [];
    for (const element of document.body.querySelectorAll("*")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || ["SCRIPT", "TITLE", "DESC", "OPTION"].includes(element.tagName.toUpperCase())) continue;
      const style = getComputedStyle(element);
      const ink = light(parse(element.tagName === "text" ? style.fill : style.color)), back = light(ground(element));
      const contrast = (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05);
      found.push([contrast, element.tagName + "." + element.getAttribute("class") + ": " + element.textContent.slice(0, 40)]);
    }
    return found.sort((a, b) => a[0] - b[0]);"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_light_and_dark(page, scheme):
    show(page, scheme=scheme)
    page.find_element(By.CSS_SELECTOR, "#engines .chips button").click()  # one that is pressed is looked at too
    found = page.execute_script(CONTRASTS)
    assert len(found) > 1000 and found[0][0] >= 4.5, found[:5]


def test_the_theme_follows_the_system_and_the_button(page):
    def ground():
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    light = ground()
    show(page, scheme="dark")
    dark = ground()
    assert light != dark
    button = page.find_element(By.ID, "theme")
    until(lambda: button.text == "Light")
    button.click()
    assert ground() == light and button.text == "Dark"
    show(page, scheme="light")
    button.click()
    assert ground() == dark
    show(page, media="print")
    assert ground() == "rgb(255, 255, 255)"  # paper is white whatever was chosen


def test_print_has_no_controls_and_everything_that_is_folded(page):
    folded = page.find_element(By.ID, "table-contracts")
    page.execute_script("arguments[0].open = false", folded)
    show(page, media="print")
    shown = page.execute_script("""
        return [...document.querySelectorAll("input, button, nav, .bar, .tools, .chips")]
          .filter((each) => each.checkVisibility() && !each.closest("th")).map((each) => each.outerHTML);""")
    assert shown == []
    assert page.execute_script("return document.querySelector('#table-contracts td').checkVisibility()")
    assert not page.execute_script("return document.querySelector('.chapter').checkVisibility()")
    printed = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")


def test_without_scripts_all_is_there_but_the_controls(page):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.refresh()
        assert not any(each.is_displayed() for each in page.find_elements(By.CSS_SELECTOR, "input, button, .bar, .chips"))
        assert "1.10 M [1.02, 1.31]" in page.find_element(By.ID, "table-engines").text
        assert page.find_element(By.CSS_SELECTOR, "#throughput svg").is_displayed()
        fold = page.find_element(By.CSS_SELECTOR, "#throughput .data")
        fold.find_element(By.TAG_NAME, "summary").click()
        assert fold.find_element(By.TAG_NAME, "table").is_displayed()
        link = page.find_element(By.LINK_TEXT, "1.10 M")
        link.click()  # the browser itself opens what is folded
        until(page.find_element(By.ID, link.get_attribute("href").partition("#")[2]).is_displayed)
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_landmarks_names_and_alternatives(page):
    count = page.execute_script("""
        const of = (selector) => document.querySelectorAll(selector).length;
        return {main: of("main"), header: of("body > header"), nav: of("nav[aria-label]"), footer: of("body > footer"),
                h1: of("h1"), nameless: [...document.querySelectorAll("input, button, [role=region], svg[role=img]")]
                  .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.closest("label"))).length,
                heads: of("thead th:not([scope])"), lang: document.documentElement.lang};""")
    assert count == {"main": 1, "header": 1, "nav": 1, "footer": 1, "h1": 1, "nameless": 0, "heads": 0, "lang": "en"}
