"""The status page in a browser, before the real agent and runners with real processes and jobs."""

import json
import time

from polling import wait_for
from selenium.webdriver.common.keys import Keys

LISTING = 30  # seconds: what only processes tell is seen within eight without systemd, if the machine is quick
HOSTILE = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>\"'`"


def url_of(agent):
    return f"http://127.0.0.1:{agent.port}/"



def reads(browser, runner, part):
    """What stands in a part (a class) of a runner's card."""
    return browser.run(
        """const card = [...document.querySelectorAll('.card')].find(
               (one) => one.querySelector('h3').textContent === arguments[0]);
           return card?.querySelector(arguments[1])?.innerText ?? ''""", runner.name, part)


def wait_for_text(browser, runner, part, text, seconds=LISTING):
    wait_for(lambda: text in reads(browser, runner, part), seconds,
             f"{runner.name} shows {text!r} in {part}; it shows {reads(browser, runner, part)!r}")


def begin(browser, agent, runners):
    for runner in runners:
        runner.start()
    browser.open(url_of(agent))
    for runner in runners:
        wait_for_text(browser, runner, ".state", "idle")


def test_it_follows_a_job_and_the_end_of_a_runner(browser, agent, runners):
    begin(browser, agent, runners)
    one, two = runners
    assert "2 runners: 2 idle" in browser.text("#summary")
    assert browser.run("return document.querySelectorAll('.card').length") == 2

    one.tell(f"job {HOSTILE} 25 Failed")
    wait_for_text(browser, one, ".state", "busy")
    wait_for_text(browser, one, ".job", HOSTILE)
    assert f"{one.name} is now busy" in browser.run(
        "return document.getElementById('news').textContent")
    wait_for_text(browser, one, ".job .run", "acme/widgets run 1001")
    browser.screenshot("live-busy")
    wait_for_text(browser, one, ".state", "idle", 25 + LISTING)
    wait_for_text(browser, one, ".jobs", "failed, ")
    assert HOSTILE in reads(browser, one, ".jobs")
    assert browser.run("return document.querySelectorAll('img, script:not([src])').length") == 0
    assert browser.run("return window.hacked ?? null") is None

    two.kill()
    wait_for_text(browser, two, ".state", "stopped")
    wait_for(lambda: "1 idle, 1 stopped" in browser.text("#summary"), 30, "the summary follows")
    order = browser.run("return [...document.querySelectorAll('.card h3')].map((h) => h.textContent)")
    assert order == [two.name, one.name], "what needs you stands first"
    assert browser.complaints() == []


def test_evidence_stays_open_and_focused_while_facts_change(browser, agent, runners):
    begin(browser, agent, runners)
    one, two = runners
    browser.run("document.querySelectorAll('summary')[1].focus()")
    browser.press(Keys.ENTER)
    assert reads(browser, two, "table").startswith("Fact")
    two.kill()  # its card moves to the front
    wait_for_text(browser, two, ".state", "stopped")
    assert browser.run("""return document.activeElement === document.querySelector('.card summary')
        && document.activeElement.parentNode.open""")


def test_the_hour_is_drawn_from_the_agents_own_history(browser, agent, runners):
    begin(browser, agent, runners)
    wait_for(lambda: browser.run("return document.querySelectorAll('.bar.idle').length") == 2, 30,
             "a bar for each runner's time idle")
    wait_for(lambda: browser.run("return document.querySelectorAll('.spark .line').length") > 5, 30,
             "lines of the host's gauges")
    label = browser.run("return document.querySelector('.strip').getAttribute('aria-label')")
    assert f"States of {runners[0].name}, last" in label and "idle" in label


def test_an_agent_that_is_away_is_told_and_comes_back(browser, agent, runners):
    begin(browser, agent, runners)
    assert not browser.text("#notice")
    agent.stop()
    wait_for(lambda: "The agent does not answer" in browser.text("#notice"), 30, "it says so")
    assert browser.run("return document.body.className") == "past"
    assert browser.text("h1").startswith("No answer from ")
    assert "ago: all well, 2 runners: 2 idle" in browser.text("#summary")
    assert "grayscale" in browser.run("return getComputedStyle(document.querySelector('main')).filter")
    wait_for(lambda: "s ago is shown" in browser.text("#notice-text"), 30, "with the age of what is shown")
    assert reads(browser, runners[0], ".state") == "idle", "what was known stays"
    browser.screenshot("live-agent-away")
    agent.start()
    browser.run("document.getElementById('again').click()")
    wait_for(lambda: browser.run("return document.body.className") == "present", 30, "it is back")
    assert not browser.text("#notice")
    assert browser.text("h1").startswith("All well on ")


def test_it_asks_less_and_less_while_there_is_no_answer(browser, agent, runners):
    begin(browser, agent, runners)
    agent.stop()
    wait_for(lambda: browser.text("#notice"), 30, "it says so")
    browser.requests()
    time.sleep(10)  # at 0, 2, 6 s and then at 14 s
    assert 1 <= len(browser.requests()) <= 3


def test_a_page_that_nobody_sees_asks_nothing(browser, agent, runners):
    begin(browser, agent, runners)
    # A browser without a window shows all its tabs: what a hidden one is told is said to it here.
    browser.run("""Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'))""")
    # What was asked before may be noted late.
    wait_for(lambda: not browser.requests(), 20, "it is quiet", every=1)
    time.sleep(5)
    assert browser.requests() == []
    browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(browser.requests, 10, "it asks at once when it is seen again")


def test_the_same_facts_have_addresses_for_programs(agent, runners):
    one = runners[0]
    one.start()
    wait_for(lambda: agent.runner(one.name)["state"] == "idle", LISTING, "idle")
    listed = json.loads(agent.get("/api/v1/runners").body)
    assert [runner["name"] for runner in listed["runners"]] == [runner.name for runner in runners]
    shown = json.loads(agent.get(f"/api/v1/runners/{one.short}").body)
    told = json.loads(agent.pawsctl("runners", "show", one.name, "--json").stdout)
    assert shown.keys() == told.keys() and shown["files"].keys() == told["files"].keys()
    wait_for(lambda: one.name in json.loads(agent.get("/api/v1/history").body)["runners"], 30,
             "its history begins")


def test_nothing_leaves_the_agents_origin(browser, agent, runners):
    begin(browser, agent, runners)
    asked = browser.requests()
    assert {f"{url_of(agent)}{path}" for path in (
        "", "status.css", "status.js", "api/v1/status", "api/v1/history")} <= set(asked)
    strangers = [one for one in asked if not one.startswith((url_of(agent), "data:image/svg+xml,"))]
    assert strangers == []
    assert browser.complaints() == []


def test_the_policy_stops_what_would_run_text(browser, agent, runners):
    """That the other tests find no violation means something: here is one."""
    begin(browser, agent, runners)
    assert "TypeError" in browser.run("""try { document.body.innerHTML = '<b>x</b>'; return 'done' }
        catch (refused) { return refused.name }""")
    browser.run("""const s = document.createElement('img'); s.src = 'http://127.0.0.1:9/x.png';
        document.body.append(s)""")
    wait_for(lambda: any("img-src" in one for one in browser.complaints()), 30, "the image is refused")


def test_without_scripts_it_names_the_command(browser, agent):
    browser.protocol("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(url_of(agent))
        source = browser.driver.find_element("css selector", "noscript").text
    finally:
        browser.protocol("Emulation.setScriptExecutionDisabled", value=False)
    assert "pawsctl status" in source
