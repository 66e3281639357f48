"""The page in headless Chromium, against a server that listens: what a person sees and does.

Skipped where no Chromium is installed (Debian's package is called chromium).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

KEY = "a-long-enough-test-key"
HOSTILE = '<img src=x onerror="window.broken=1"><script>window.broken=2</script>' + "W" * 120
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

Listen = Callable[..., str]


expect.set_options(timeout=20_000)  # shared machines are slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), env=dict(os.environ))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, address: str, *, width: int = 1280, dark: bool = False, user: str = "zoe"
) -> Iterator[Page]:
    """Open the page; nothing may fail in it, and nothing may be asked of anybody else."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: None if request.url.startswith(address) else wrong.append(request.url),
    )
    page.goto(f"{address}/#{user}")
    yield page
    context.close()
    # Chromium's own note of an answer other than a success; the page says these in its own words.
    assert [text for text in wrong if "Failed to load resource" not in text] == []


def tell(address: str, user: str, items: str, kind: str = "seen") -> None:
    events = [{"item_id": item, "kind": kind} for item in items]
    httpx.post(f"{address}/v1/users/{user}/events", json={"events": events}).raise_for_status()


def titles(page: Page) -> list[str]:
    return page.locator("#picks h3").all_inner_texts()


def test_what_a_person_sees(browser: Browser, listen: Listen) -> None:
    address = listen()
    tell(address, "zoe", "abda")
    tell(address, "ann", "c")
    with opened(browser, address) as page:
        expect(page.get_by_role("heading", name="Likely next")).to_be_visible()
        assert page.get_by_label("User", exact=True).locator("option").all_inner_texts() == ["ann", "zoe"]
        expect(page.locator("#timeline .event")).to_have_count(4)
        assert len(titles(page)) == 6
        assert "Alien (1979)" not in titles(page)
        expect(page.locator("#picks .chance").first).to_contain_text("%")
        expect(page.locator("#picks .reason").first).to_contain_text("Because of")
        # The river: a layer and a forecast of each interest and the rest, an interval of each interest.
        assert page.locator("#river path.layer").count() == page.locator("#river rect.ahead").count() == 6
        assert page.locator("#river .interval").count() == 5
        assert page.locator("#legend tbody tr").count() == 5
        expect(page.locator("#portrait")).to_contain_text("4 events")
        page.get_by_label("User", exact=True).select_option("ann")
        expect(page.locator("#timeline .event")).to_have_count(1)
        expect(page.locator("#status")).to_have_text("Showing ann.")


def test_the_list_is_narrowed_by_words_a_category_and_years(browser: Browser, listen: Listen) -> None:
    address = listen()
    tell(address, "zoe", "e")
    with opened(browser, address) as page:
        expect(page.locator("#picks li")).to_have_count(8)
        form = page.get_by_role("search", name="Narrow the list")
        options = form.get_by_label("Category").locator("option").all_inner_texts()
        assert options[0] == "Any"
        assert "Horror (2)" in options
        expect(page.locator("#picks li")).to_have_count(8)
        expect(page.locator("#picks .sources").first).to_contain_text("Found by")
        form.get_by_label("Category").select_option("Horror")
        form.get_by_label("To year").fill("1960")
        form.get_by_role("button", name="Apply").click()
        expect(page.locator("#status")).to_have_text("The list is up to date.")
        assert titles(page) == ["Dracula (1931)"]
        form.get_by_label("From year").fill("1970")
        form.get_by_role("button", name="Apply").click()
        expect(page.locator("#status")).to_have_text("where: year_from 1970 lies after year_to 1960")
        form.get_by_role("button", name="Clear").click()
        expect(page.locator("#picks li")).to_have_count(8)
        form.get_by_label("Words").fill("horror")
        page.keyboard.press("Enter")
        expect(page.locator("#picks .sources", has_text="your words (#1)")).to_have_count(1)


def test_a_narrow_list_may_be_empty_and_says_so(browser: Browser, listen: Listen) -> None:
    address = listen()
    with opened(browser, address) as page:
        expect(page.locator("#picks li")).to_have_count(8)
        page.get_by_label("From year").fill("2020")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#picks li")).to_have_count(1)
        expect(page.locator("#picks li")).to_have_text("Nothing to recommend here.")


def test_a_new_user_adds_a_title_by_keyboard_alone_and_everything_follows(
    browser: Browser, listen: Listen
) -> None:
    address = listen()
    tell(address, "ann", "c")
    with opened(browser, address, user="ann") as page:
        expect(page.locator("#timeline .event")).to_have_count(1)
        page.get_by_role("button", name="New user").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="New user")).to_be_visible()
        page.keyboard.type("new one")
        page.keyboard.press("Enter")
        expect(page.locator("#status")).to_have_text("Showing new one.")
        expect(page.locator("#river")).to_contain_text("The river begins with the first event.")
        before = titles(page)
        expect(page.get_by_label("Add a title")).to_be_focused()
        page.keyboard.type("ali")
        found = page.locator("#found")
        expect(found.get_by_role("button", name="Liked: Alien (1979)")).to_be_visible()
        page.keyboard.press("Enter")
        expect(found.get_by_role("button", name="Seen: Alien (1979)")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#timeline .event.liked")).to_have_count(1)
        expect(page.locator("#status")).to_have_text("Alien (1979) was added; everything is up to date.")
        expect(page.locator("#river svg")).to_be_visible()
        assert titles(page) != before
        assert "Alien (1979)" not in titles(page)
        assert page.get_by_label("User", exact=True).input_value() == "new one"
    stored = httpx.get(f"{address}/v1/users/new one").json()["events"]
    assert [(event["item_id"], event["kind"]) for event in stored] == [("a", "liked")]


def test_liking_hiding_and_taking_back(browser: Browser, listen: Listen) -> None:
    address = listen()
    tell(address, "zoe", "ab")
    with opened(browser, address) as page:
        expect(page.locator("#timeline .event")).to_have_count(2)
        chances = page.locator("#picks .chance").all_inner_texts()
        page.locator("#picks").get_by_role("button", name="Liked: Heat (1995)").click()
        expect(page.locator("#timeline .event")).to_have_count(3)
        assert page.locator("#picks .chance").all_inner_texts() != chances
        page.locator("#picks").get_by_role("button", name="Hide: Emma (1996)").click()
        expect(page.locator("#hidden-items summary")).to_have_text("Hidden: 1")
        assert "Emma (1996)" not in titles(page)
        page.locator("#hidden-items summary").click()
        page.get_by_role("button", name="Show again: Emma (1996)").click()
        expect(page.locator("#hidden-items")).to_be_hidden()
        assert "Emma (1996)" in titles(page)
        page.get_by_role("button", name="Take back: Heat (1995)").click()
        expect(page.locator("#timeline .event")).to_have_count(2)
        assert page.locator("#picks .chance").all_inner_texts() == chances
        page.get_by_role("button", name="Forget user").click()
        page.get_by_role("button", name="Forget", exact=True).click()
        expect(page.locator("#status")).to_have_text("zoe is forgotten.")
    assert httpx.get(f"{address}/v1/users").json() == {"users": []}


def test_the_chat_streams(browser: Browser, listen: Listen) -> None:
    with opened(browser, listen()) as page:
        page.get_by_label("Your message").fill("slow")
        page.keyboard.press("Enter")
        # What comes in pieces is shown in pieces: some words before all of them.
        expect(page.locator(".it .writing")).to_have_text(re.compile(r"^You(?: said:)?$"))
        expect(page.get_by_role("log")).to_have_attribute("aria-busy", "true")
        expect(page.locator(".it .words")).to_have_text("You said: slow")
        expect(page.get_by_role("log")).not_to_have_attribute("aria-busy", "true")
        expect(page.locator(".understood")).to_have_text("Understood: recommend · 1 item · no Romance")
        page.get_by_label("Your message").fill("fail")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".it .bad")).to_have_text("It failed. Say something else.")


def test_what_is_said_in_the_chat_changes_everything(browser: Browser, listen: Listen) -> None:
    address = listen(talker=None)
    tell(address, "zoe", "bd")
    with opened(browser, address) as page:
        expect(page.locator("#timeline .event")).to_have_count(2)
        page.get_by_label("Your message").fill("I just watched Alien and loved it")
        page.keyboard.press("Enter")
        expect(page.locator("#timeline .event.liked")).to_have_count(1)
        expect(page.locator("#status")).to_have_text("The profile changed; everything is up to date.")
        assert "Alien (1979)" not in titles(page)


def test_a_busy_server_is_said_to_be_busy_and_asked_again(browser: Browser, listen: Listen) -> None:
    address = listen()
    tell(address, "zoe", "ab")
    page = browser.new_context().new_page()
    refused: list[str] = []

    def busy(route: Route) -> None:
        refused.append(route.request.url)
        if len(refused) > 1 + 10 * ("zoe" not in route.request.url):
            route.continue_()
            return
        error = {"message": "The server is at capacity.", "type": "server_error", "code": "overloaded"}
        route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": error})

    page.route("**/v1/interests?*", busy)
    page.goto(f"{address}/#zoe")
    expect(page.locator("#status")).to_contain_text("The server is busy; trying again in 1 s.")
    expect(page.locator("#status")).to_have_text("Showing zoe.")
    assert len(refused) == 2
    page.goto(f"{address}/#yan")
    page.reload()
    expect(page.locator("#status")).to_have_text("The server is busy. Try again in a moment.")
    assert len(refused) == 2 + 4
    page.context.close()


def test_hostile_words_are_only_words(browser: Browser, listen: Listen) -> None:
    address = listen()
    item = {"id": HOSTILE[:60], "title": HOSTILE, "categories": [HOSTILE]}
    httpx.put(f"{address}/v1/items", json={"items": [item, {**item, "id": "z2"}]}).raise_for_status()
    name = HOSTILE.replace("/", "")[:90]
    url = f"{address}/v1/users/{quote(name, safe='')}/events"
    httpx.post(url, json={"events": [{"item_id": "a"}]}).raise_for_status()
    with opened(browser, address, width=360) as page:
        page.get_by_label("Add a title").fill("<img")
        page.get_by_role("button", name=re.compile("^Liked: <img")).first.click()
        expect(page.locator("#timeline .event .title")).to_contain_text(HOSTILE)
        page.get_by_label("Your message").fill(HOSTILE)
        page.keyboard.press("Enter")
        expect(page.locator(".it .words")).to_have_text(f"You said: {HOSTILE}")
        assert name in page.get_by_label("User", exact=True).locator("option").all_inner_texts()
        assert page.locator("#main img, #main script").count() == 0
        assert page.evaluate("window.broken") is None
        # Long words break; nothing makes the page wider than the phone.
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_key_is_asked_for_once(browser: Browser, listen: Listen) -> None:
    with opened(browser, listen(keys=(KEY,))) as page:
        dialog = page.get_by_role("dialog", name="This server asks for a key")
        expect(dialog).to_be_visible()
        page.get_by_role("textbox", name="Key").fill("wrong-key")
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        page.get_by_role("textbox", name="Key").fill(KEY)
        page.keyboard.press("Enter")
        expect(page.locator("#picks li").first).to_be_visible()
        page.reload()
        expect(page.locator("#picks li").first).to_be_visible()
        assert not dialog.is_visible()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_every_width_in_light_and_dark(browser: Browser, listen: Listen, width: int) -> None:
    address = listen()
    tell(address, "zoe", "abdaceg")
    papers = set()
    for dark in (False, True):
        with opened(browser, address, width=width, dark=dark) as page:
            expect(page.locator("#timeline .event")).to_have_count(7)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("#river svg").bounding_box()["width"] <= width  # type: ignore[index]
            papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(papers) == 2


def test_everything_has_a_name_and_can_be_reached_by_tab(browser: Browser, listen: Listen) -> None:
    address = listen()
    tell(address, "zoe", "ab")
    with opened(browser, address) as page:
        expect(page.locator("#timeline .event")).to_have_count(2)
        page.wait_for_load_state("networkidle")  # no part is drawn anew while the keys go through them
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, textarea, meter, [role]")]
                .filter((e) => !e.hidden && !(e.getAttribute("aria-label") || e.labels?.length ||
                    e.getAttribute("aria-labelledby") || e.textContent.trim()) && e.id !== "status")
                .map((e) => e.outerHTML)"""
        )
        assert unnamed == []
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
        assert all(after - before <= 1 for before, after in pairwise(levels))
        name = "(e) => e.ariaLabel || e.textContent || e.id"
        wanted = page.evaluate(
            f"""[...document.querySelectorAll("main button, main input, main textarea")]
                .filter((e) => e.checkVisibility()).map({name})"""
        )
        met = set()
        for _ in range(80):
            page.keyboard.press("Tab")
            met.add(page.evaluate(f"({name})(document.activeElement)"))
        assert len(wanted) > 20
        assert set(wanted) <= met
