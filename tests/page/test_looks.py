"""The status page for eyes, keyboards and screen readers, before an hour that had everything."""

import pytest

from agent_process import AgentProcess
from an_hour import AnHour, HOSTILE
from polling import wait_for
from selenium.webdriver.common.keys import Keys

SCHEMES = ("light", "dark")
# The contrast of each text, and of each shape, with what it stands on (WCAG 2.2, 1.4.3 and 1.4.11).
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const channels = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
// What `filter: grayscale(1)` makes of it (Filter Effects 1, 13.2).
const dull = (rgb) => Array(3).fill(rgb[0] * 0.2126 + rgb[1] * 0.7152 + rgb[2] * 0.0722);
const grey = (node) => node && (getComputedStyle(node).filter === 'grayscale(1)' || grey(node.parentElement));
const seen = (node, rgb) => grey(node) ? dull(rgb) : rgb;
const over = (top, bottom) => top.slice(0, 3).map((c, i) => c * top[3] + bottom[i] * (1 - top[3]));
const ground = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (node, colour) => {
  const below = ground(node.closest('svg')?.parentElement ?? node);
  const [a, b] = [over(channels(colour), below), below].map((rgb) => light(seen(node, rgb)))
    .sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
};
const shown = (node) => node.checkVisibility({opacityProperty: true, visibilityProperty: true})
  && !node.closest('.spoken, .skip');
const found = [];
for (const node of document.querySelectorAll('body *')) {
  if (!shown(node)) continue;
  const style = getComputedStyle(node);
  const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const name = `${node.tagName}.${node.getAttribute('class') ?? ''} ${node.textContent.slice(0, 30)}`;
  if (own && !node.closest('svg')) found.push([name, ratio(node, style.color), 4.5]);
  else if (node.matches('.bar')) found.push([name, ratio(node, style.fill), 3]);
  else if (node.matches('.line, .sign path')) found.push([name, ratio(node, style.stroke), 3]);
}
return found;
"""


@pytest.fixture(scope="module")
def agent():
    with AgentProcess() as agent:
        yield agent


@pytest.fixture
def hour(agent):
    with AnHour(agent) as hour:
        yield hour


def opened(browser, hour, scheme="light", width=1280):
    browser.open(hour.url, scheme, width)
    wait_for(lambda: browser.run("return document.querySelectorAll('.bar').length") > 8, 30,
             "the page is drawn")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", (1280, 768, 375, 320))
def test_it_fits_and_is_pictured(browser, hour, scheme, width):
    opened(browser, hour, scheme, width)
    browser.run("document.querySelector('details').open = true")
    picture = browser.screenshot(f"hour-{scheme}-{width}")
    assert picture.stat().st_size > 20_000
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    cut = browser.run("""return [...document.querySelectorAll('main *')].filter((node) =>
        node.checkVisibility() && !node.closest('svg, .spoken') && node.scrollWidth > node.clientWidth + 1
        && getComputedStyle(node).overflowX !== 'visible' && !node.title).map((node) => node.outerHTML.slice(0, 99))""")
    assert cut == [], "only names that are told in full elsewhere are cut"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_can_be_read_and_seen(browser, hour, scheme):
    opened(browser, hour, scheme)
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    contrasts = browser.run(CONTRAST)
    assert len(contrasts) > 200
    assert [one for one in contrasts if one[1] < one[2]] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_past_is_grey_and_can_still_be_read(browser, hour, scheme):
    opened(browser, hour, scheme)
    hour.silent = True
    wait_for(lambda: browser.run("return document.body.className") == "past", 45, "it is the past")
    contrasts = browser.run(CONTRAST)
    assert len(contrasts) > 100
    assert [one for one in contrasts if one[1] < one[2]] == []
    for part in ("main", ".verdict"):
        assert browser.run("return getComputedStyle(document.querySelector(arguments[0])).filter",
                           part) == "grayscale(1)"


def test_the_scheme_is_the_readers(browser, hour):
    grounds = set()
    for scheme in SCHEMES:
        opened(browser, hour, scheme)
        grounds.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_what_needs_you_stands_first_and_says_why(browser, hour):
    opened(browser, hour)
    states = browser.run("return [...document.querySelectorAll('.card .state')].map((s) => s.innerText)")
    assert states[:4] == ["hung", "offline", "unknown", "busy"]
    assert browser.driver.title == "✖ failed on build-host"
    first = browser.text(".card")
    for part in ("failed", "for 9 min", "cause: runner", "GitHub has heard nothing", "hung 9 min"):
        assert part in first, part
    assert "▲" not in first
    agent = browser.text("#faults")
    assert "usermod -aG systemd-journal paws-agent && systemctl restart paws-agent" in agent
    assert "pawsctl config check /etc/paws-agent/agent.toml" in agent
    assert "paused, Loki answers 401: no such token" in agent and "pawsctl logs status" in agent
    assert "logs paused, 7 min behind" in browser.text("#agent-facts")
    disks = browser.text("#disks")
    assert "no answer within 2 s" in disks and "full in 3 h" in disks and "17 % of inodes" in disks


def test_a_gap_in_the_history_is_a_gap(browser, hour):
    opened(browser, hour)
    bars = browser.run("""const at = (bar) => ['x', 'width'].map((name) => Number(bar.getAttribute(name)));
        return [...document.querySelectorAll('.card:has(.state.idle) .bar')].map(at)""")
    (x, width), (after, _) = bars[1], bars[2]
    assert 17.5 <= after - (x + width) <= 18.5
    cpu = browser.run("return document.querySelector('#gauges .line').getAttribute('d')")
    assert cpu.count("M") == 2, "two lines, before the gap and after it"
    assert "not watched 3 min" in browser.text(".card:has(.state.idle) .caption")


def test_text_of_others_is_text(browser, hour):
    opened(browser, hour)
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert HOSTILE in browser.run("return document.querySelector('main').textContent")
    assert browser.run("return document.querySelectorAll('img, main script').length") == 0
    assert browser.run("return window.hacked ?? null") is None
    assert browser.complaints() == []


def test_each_control_and_picture_has_a_name(browser, hour):
    opened(browser, hour)
    nodes = browser.accessible()
    pictures = [node for node in nodes if node["role"] in ("image", "img", "graphics-document")]
    assert len(pictures) > 15
    nameless = [node for node in nodes if not node["name"].strip() and (
        node in pictures or node["role"] in ("link", "button", "DisclosureTriangle", "table")
        or node["focusable"] and node["role"] != "RootWebArea")]
    assert [node for node in nameless if node["role"] != "table"] == []
    names = [node["name"] for node in pictures]
    assert len(names) == len(set(names)), "no two plots are called the same"
    assert any(name.startswith("CPU over time: now 42 %; last hour ") for name in names)
    assert any(name == "States of acme-widgets.build-04, last hour: offline 1 h" for name in names)


def test_landmarks_and_headings_lead_through_it(browser, hour):
    opened(browser, hour)
    nodes = browser.accessible()
    roles = [node["role"] for node in nodes]
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert roles.count(landmark) == 1, landmark
    assert {node["name"] for node in nodes if node["role"] == "region"} == {"Runners", "Host", "Agent"}
    headings = [(node["level"], node["name"]) for node in nodes if node["role"] == "heading"]
    assert [name for level, name in headings if level == 1] == ["Failed on build-host"]
    assert [name for level, name in headings if level == 2] == ["Runners", "Host", "Agent"]
    assert {name for level, name in headings if level == 3} == {"Disks", *browser.run(
        "return [...document.querySelectorAll('.card h3')].map((h) => h.textContent)")}
    assert max(level for level, _ in headings) == 3


def test_only_changes_of_state_are_spoken(browser, hour):
    opened(browser, hour)
    live = browser.run("""return [...document.querySelectorAll('[aria-live], [role=status], [role=alert]')]
        .map((node) => [node.id, node.getAttribute('aria-live')])""")
    assert live == [["news", "polite"]]
    assert browser.run("return document.getElementById('news').textContent") == ""
    hour.status["runners"][0]["state"] = "offline"
    wait_for(lambda: browser.run("return document.getElementById('news').textContent")
             == "acme-widgets.build-01 is now offline", 30, "the change is spoken")


def test_the_keyboard_reaches_everything_in_order_and_shows_where(browser, hour):
    opened(browser, hour)
    browser.run("document.activeElement.blur()")
    wanted = ["Skip to the runners", *(f"Evidence for {name}" for name in browser.run(
        "return [...document.querySelectorAll('.card h3')].map((h) => h.textContent)")),
        "Status as JSON", "Last hour as JSON", "Metrics"]
    for name in wanted:
        browser.press(Keys.TAB)
        text, outline, inside = browser.run("""const on = document.activeElement;
            const style = getComputedStyle(on), box = on.getBoundingClientRect();
            return [on.textContent, style.outlineStyle + parseFloat(style.outlineWidth),
                    box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight]""")
        assert text == name
        assert outline == "solid2" and inside, name
    browser.run("document.querySelector('.skip').focus()")
    browser.screenshot("keyboard-skip")
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "runners"


def test_who_wants_no_motion_gets_none(browser, hour):
    opened(browser, hour)
    browser.protocol("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    moving = browser.run("""return [...document.querySelectorAll('*')].filter((node) => {
        const style = getComputedStyle(node);
        return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
    }).length""")
    assert moving == 0
