// The status page: asks the agent every two seconds and shows what it says.

const EVERY = 2, HISTORY_EVERY = 10, SLOWEST = 30, PATIENCE = 8, STALE = 30; // seconds

let status = null, past = null, receivedAt = 0, pastAt = -Infinity, failures = 0, trouble = '';
let timer = 0, asking = false, nextAt = 0;
const clockNow = () => performance.now() / 1000;

function overall() {
  return worst([healthOf(status.host), agentHealth(status.agent), ...status.runners.map(healthOf)]);
}

function runnerCounts(runners) {
  const counts = {};
  for (const { state } of runners) counts[state] = (counts[state] ?? 0) + 1;
  const told = Object.keys(counts).sort().map((state) => `${counts[state]} ${state}`).join(', ');
  return runners.length ? `${counted(runners.length, 'runner')}: ${told}` : 'no runners';
}

// Without an answer nothing is known now, whatever was known before.
function drawHead(elapsed) {
  const said = overall(), verdict = failures ? 'unknown' : said;
  const word = said === 'ok' ? 'all well' : said, host = status.host.name;
  const title = failures ? `no answer${host ? ` from ${host}` : ''}`
    : `${word}${host ? ` on ${host}` : ''}`;
  const counts = runnerCounts(status.runners);
  fill(at('sign'), verdict, sign);
  say(at('title'), title);
  say(at('summary'), failures ? `${age(elapsed)} ago: ${word}, ${counts}` : counts);
  set(at('verdict'), { class: `verdict ${verdict}` });
  document.title = `${{ ok: '●', degraded: '▲', unknown: '?', failed: '✖' }[verdict]} ${title}`;
}

function drawAll() {
  const now = moment(status.time);
  drawRunners(status.runners, now, past);
  drawHost(status.host, now, past);
  drawAgent(status.agent, now);
  at('main').hidden = false;
}

// For those who listen: what has changed, and only that.
function announce(before) {
  const states = new Map(before.runners.map((runner) => [runner.name, runner.state]));
  const changed = status.runners.filter(({ name, state }) => states.has(name) && states.get(name) !== state);
  if (changed.length > 3) say(at('news'), `${changed.length} runners have changed their state`);
  else if (changed.length) {
    say(at('news'), changed.map(({ name, state }) => `${name} is now ${state}`).join('; '));
  }
}

// What stands above everything while the page shows the past.
function drawAge() {
  const elapsed = clockNow() - receivedAt;
  const old = status ? status.agent.snapshot_age_seconds + elapsed : NaN;
  if (status) drawHead(elapsed);
  say(at('age'), status ? `facts ${age(old)} old` : '');
  let text = '';
  if (failures) {
    const wait = Math.max(0, Math.ceil(nextAt - clockNow()));
    text = `${trouble} ${status ? `What it said ${age(elapsed)} ago is shown. ` : ''}${
      asking || !wait ? 'Asking again …' : `Asking again in ${wait} s.`}`;
  } else if (status && agentHealth(status.agent) === 'unknown') {
    text = `These facts are ${age(old)} old: the agent answers and no longer looks. See `
      + 'journalctl -u paws-agent -n 50, then: systemctl restart paws-agent';
  }
  at('notice').hidden = !text;
  say(at('notice-text'), text);
  set(document.body, { class: text ? 'past' : 'present' });
}

async function get(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE * 1000) }).catch(() => {
    throw new Error('The agent does not answer; systemctl status paws-agent tells more.');
  });
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 300).trim());
  return answer.json();
}

async function ask() {
  const next = await get('api/v1/status');
  if (clockNow() - pastAt >= HISTORY_EVERY) {
    past = await get('api/v1/history');
    pastAt = clockNow();
  }
  const before = status;
  // A new agent brings a new page.
  if (before && before.agent.revision !== next.agent.revision) location.reload();
  status = next;
  receivedAt = clockNow();
  drawAll();
  if (before) announce(before);
}

async function round() {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  try {
    await ask();
    if (failures) say(at('news'), 'The agent answers again');
    failures = 0;
  } catch (problem) {
    trouble = problem.message;
    if (++failures === 1) say(at('news'), trouble);
  }
  asking = false;
  const wait = failures ? Math.min(EVERY * 2 ** (failures - 1), SLOWEST) : EVERY;
  nextAt = clockNow() + wait;
  drawAge();
  timer = setTimeout(round, wait * 1000);
}

at('again').addEventListener('click', round);
document.addEventListener('visibilitychange', round);
setInterval(() => document.hidden || drawAge(), 1000);
round();
