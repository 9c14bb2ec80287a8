// The status page: asks the agent every two seconds and shows what it says. Names and reasons were
// written by others, jobs among them: they become text and attributes here, never markup.

const EVERY = 2, HISTORY_EVERY = 10, SLOWEST = 30, PATIENCE = 8, STALE = 30; // seconds
const STEPS = 360, SHOWN_JOBS = 3, SHOWN_DISKS = 8;
const RANK = { ok: 0, degraded: 1, unknown: 2, failed: 3 };
const NOT_KNOWN = 'not known';

// DOM

const at = (id) => document.getElementById(id);

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
  return node;
}

function make(space, name, attributes, children) {
  const node = set(document.createElementNS(space, name), attributes);
  node.append(...children.flat(2).filter((child) => child !== null));
  return node;
}
const el = (name, attributes = {}, ...children) =>
  make('http://www.w3.org/1999/xhtml', name, attributes, children);
const svg = (name, attributes = {}, ...children) =>
  make('http://www.w3.org/2000/svg', name, attributes, children);

// Draws anew only what has changed: selections, focus and open details stay.
const drawn = new WeakMap();
function fill(node, value, draw) {
  const key = JSON.stringify(value) ?? '';
  if (drawn.get(node) === key) return;
  drawn.set(node, key);
  node.replaceChildren(...[draw(value)].flat().filter((child) => child !== null));
}
const say = (node, text) => fill(node, text, () => text);

// Words

const known = (number) => typeof number === 'number' && Number.isFinite(number);
const words = (...parts) => parts.filter(Boolean).join(', ');
const counted = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;
const spaced = (list) => (list ?? []).map((one) => one.replaceAll('_', ' ')).join(', ');
const share = (ratio) => (known(ratio) ? `${(ratio * 100).toFixed(0)} %` : NOT_KNOWN);
const percent = (number) => (known(number) ? `${number.toFixed(1)} %` : NOT_KNOWN);

function pair(large, unit, rest, small) {
  return rest ? `${large} ${unit} ${rest} ${small}` : `${large} ${unit}`;
}

function age(seconds) {
  if (!known(seconds)) return NOT_KNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
  if (!minutes) return `${whole} s`;
  if (!hours) return `${minutes} min`;
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min');
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function duration(seconds) {
  if (!known(seconds) || seconds < 60 || seconds >= 3600) return age(seconds);
  return pair(Math.floor(seconds / 60), 'min', Math.floor(seconds % 60), 's');
}

function size(bytes) {
  if (!known(bytes) || bytes < 0) return NOT_KNOWN;
  let unit = 0;
  for (; bytes >= 999.5 && unit < 6; ++unit) bytes /= 1000;
  return `${bytes.toFixed(!unit || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2)} ${
    ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'][unit]}`;
}

const healthOf = (subject) => (subject?.health in RANK ? subject.health : 'unknown');
const worst = (verdicts) => verdicts.reduce((a, b) => (RANK[b] > RANK[a] ? b : a), 'ok');

function healthWords(health, problems) {
  const found = spaced(problems);
  return found ? `${health} (${found})` : health;
}

function failing(agent) {
  return agent.collectors.filter((one) => !one.success);
}

function agentHealth(agent) {
  if (!(agent.snapshot_age_seconds <= STALE)) return 'unknown';
  return failing(agent).length || !agent.config_reload_successful ? 'degraded' : 'ok';
}

// Signs: the shape tells without colour, the words beside it without either.

const SHAPES = {
  ok: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z',
  degraded: 'M8 1.8 15 14H1z',
  unknown: 'M5.2 6.2C5 1.6 11.4 2 10.9 6c-.3 2-2.7 2.2-2.7 4.4M8.2 13v.9',
  failed: 'M3.2 3.2 12.8 12.8M12.8 3.2 3.2 12.8',
  succeeded: 'M2.8 8.6 6.4 12.2 13.2 4.4',
  ended: 'M3 8h10',
};

function sign(kind) {
  const shape = svg('path', { d: SHAPES[kind] });
  return svg('svg', { class: `sign ${kind}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' }, shape);
}

const RESULTS = {
  succeeded: 'succeeded', succeeded_with_issues: 'degraded', failed: 'failed', lost: 'failed',
  abandoned: 'failed', canceled: 'ended', skipped: 'ended',
};

function moment(text) {
  return text ? Date.parse(text) / 1000 : NaN;
}

function timeOf(text, shown) {
  return el('time', { datetime: text, title: new Date(text).toLocaleString() }, shown);
}

// Plots. One unit across is one step; the right edge is now, what is missing stays empty.

function begin(past, count) {
  return STEPS - past.newest_age_seconds / past.step_seconds - (count - 1);
}

function plot(past, values, top) {
  const start = begin(past, values.length);
  let line = '', area = '', run = [];
  const close = () => {
    if (run.length) {
      const points = run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      line += `M${points.join('L')}${run.length === 1 ? 'h.1' : ''}`;
      area += `M${run[0][0].toFixed(1)} 40L${points.join('L')}V40z`;
    }
    run = [];
  };
  values.forEach((value, step) => {
    if (value === null) return close();
    run.push([start + step, 38 - 36 * Math.min(1, Math.max(0, value / top))]);
  });
  close();
  return [svg('path', { class: 'area', d: area }), svg('path', { class: 'line', d: line })];
}

function spark(node, gauge, past) {
  const values = (past && gauge.past(past)) ?? [];
  const seen = values.filter((value) => value !== null);
  const low = Math.min(...seen), high = Math.max(...seen);
  const range = seen.length
    ? `last hour ${gauge.text(low)} to ${gauge.text(high)}` : 'no history yet';
  set(node, { 'aria-label': `${gauge.name} over time: now ${gauge.value}; ${range}` });
  fill(node, [past?.time, seen.length], () =>
    seen.length ? plot(past, values, Math.max(gauge.top, high)) : []);
}

function strip(node, caption, name, past) {
  const runs = past?.runners[name] ?? [];
  const spans = {};
  const whole = runs.reduce((sum, run) => sum + run[1], 0) * (past?.step_seconds ?? 0);
  const span = whole >= 3540 ? 'last hour' : `last ${age(whole)}`;
  for (const [state, steps] of runs) {
    const word = state ?? 'not watched';
    spans[word] = (spans[word] ?? 0) + steps * past.step_seconds;
  }
  const list = Object.entries(spans).sort((a, b) => b[1] - a[1])
    .map(([state, seconds]) => `${state} ${age(seconds)}`).join(', ');
  const told = list ? `${span}: ${list}` : 'no history yet';
  set(node, { 'aria-label': `States of ${name}, ${told}` });
  say(caption, told);
  fill(node, [past?.time, runs], () => bars(past, runs));
}

// What works stands low, what needs you stands high.
function bars(past, runs) {
  let x = runs.length ? begin(past, runs.reduce((sum, run) => sum + run[1], 0)) : 0;
  return runs.map(([state, steps]) => {
    const from = Math.max(0, x), width = Math.min(STEPS, x + steps) - from;
    x += steps;
    if (!state || width <= 0) return null;
    const low = state === 'idle' ? 14 : state === 'busy' ? 6 : 0;
    return svg('rect', {
      class: `bar ${state}`, x: from.toFixed(1), width: width.toFixed(1), y: low, height: 20 - low,
    }, svg('title', {}, `${state} ${age(steps * past.step_seconds)}`));
  });
}

// Runners

const cards = new Map();

function newCard(name) {
  const card = { node: el('li', { class: 'card' }) };
  const part = (key, tag, attributes) => (card[key] = el(tag, attributes));
  card.strip = svg('svg', {
    class: 'strip', viewBox: `0 0 ${STEPS} 20`, preserveAspectRatio: 'none', role: 'img',
  });
  card.node.append(
    el('div', { class: 'head' }, part('sign', 'span'), el('h3', {}, name), part('state', 'span')),
    part('since', 'p', { class: 'since' }),
    part('why', 'p', { class: 'why' }),
    part('job', 'p', { class: 'job' }),
    el('div', { class: 'hour' }, card.strip,
      part('caption', 'p', { class: 'caption', 'aria-hidden': 'true' })),
    part('jobs', 'ul', { class: 'jobs', 'aria-label': `Last jobs of ${name}` }),
    el('details', {},
      el('summary', {}, 'Evidence', el('span', { class: 'spoken' }, ` for ${name}`)),
      part('evidence', 'div')));
  return card;
}

function sinceOf(runner, health, now) {
  return [
    health === 'ok' ? null
      : el('strong', { class: health }, healthWords(health, runner.problems)),
    runner.since ? timeOf(runner.since, `for ${age(now - moment(runner.since))}`) : null,
    runner.blame ? el('strong', {}, `cause: ${runner.blame}`) : null,
    health === 'ok' && runner.state !== 'busy' && runner.reason ? el('span', {}, runner.reason) : null,
  ];
}

function jobOf(runner, now) {
  const { job } = runner;
  return [
    el('span', { class: 'label' }, 'Job'),
    el('span', { class: 'name' }, job.name),
    timeOf(job.started, duration(now - moment(job.started))),
  ];
}

function finished(job, now) {
  const result = job.result ?? 'unknown';
  const took = duration(moment(job.finished) - moment(job.started));
  return el('li', {},
    sign(RESULTS[result] ?? 'unknown'),
    el('span', { class: 'name', title: job.name }, job.name),
    el('span', { class: 'result' }, words(result.replaceAll('_', ' '), took)),
    job.finished ? timeOf(job.finished, `${age(now - moment(job.finished))} ago`) : null);
}

function evidenceOf(runner, now) {
  const rows = runner.evidence.map((one) => el('tr', {},
    el('th', { scope: 'row' }, one.fact), el('td', {}, one.value),
    el('td', {}, known(one.age_seconds) ? age(one.age_seconds) : '')));
  const head = ['Fact', 'Value', 'Age'].map((title) => el('th', { scope: 'col' }, title));
  const contact = runner.last_contact ? `${age(now - moment(runner.last_contact))} ago` : NOT_KNOWN;
  const rest = Object.entries({
    'GitHub contact': contact, 'Name at GitHub': runner.agent_name, 'Registered at': runner.scope,
    Version: runner.version, Unit: runner.unit,
  }).filter(([, value]) => value);
  return [
    rows.length
      ? el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, rows))
      : el('p', {}, 'No fact tells of it.'),
    el('dl', {}, rest.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])),
  ];
}

function drawCard(card, runner, now, past) {
  const health = healthOf(runner), state = runner.state ?? 'unknown';
  set(card.node, { 'data-health': health });
  fill(card.sign, health, sign);
  set(card.state, { class: `state ${state}` });
  say(card.state, state);
  const minute = Math.floor(now / 60);
  const since = age(now - moment(runner.since));
  fill(card.since, [health, runner.problems, runner.blame, runner.reason, runner.state, since], () =>
    sinceOf(runner, health, now));
  say(card.why, health === 'ok' ? '' : runner.reason ?? '');
  card.job.hidden = !runner.job;
  if (runner.job) fill(card.job, [runner.job, Math.floor(now)], () => jobOf(runner, now));
  strip(card.strip, card.caption, runner.name, past);
  const jobs = (runner.jobs ?? []).slice(-SHOWN_JOBS).reverse();
  card.jobs.hidden = !jobs.length;
  fill(card.jobs, [jobs, minute], () => jobs.map((job) => finished(job, now)));
  fill(card.evidence, [runner.evidence, runner.last_contact, minute], () =>
    evidenceOf(runner, now));
}

function drawRunners(runners, now, past) {
  const names = new Set(runners.map((runner) => runner.name));
  for (const [name, card] of cards) {
    if (!names.has(name)) {
      card.node.remove();
      cards.delete(name);
    }
  }
  const held = document.activeElement;
  const list = at('cards');
  [...runners].sort((a, b) => RANK[healthOf(b)] - RANK[healthOf(a)]).forEach((runner, place) => {
    if (!cards.has(runner.name)) cards.set(runner.name, newCard(runner.name));
    const card = cards.get(runner.name);
    drawCard(card, runner, now, past);
    if (list.children[place] !== card.node) list.insertBefore(card.node, list.children[place]);
  });
  if (held !== document.activeElement && held?.isConnected) held.focus({ preventScroll: true });
  at('none').hidden = runners.length > 0;
}

// Host

const gaugePast = (name) => (past) => past.gauges[name];

function hostGauges(host, past) {
  const { memory, pressure, load, clock, problems } = host;
  const used = memory ? 1 - memory.available_bytes / memory.total_bytes : null;
  const swap = memory?.swap_total_bytes ? 1 - memory.swap_free_bytes / memory.swap_total_bytes : null;
  const marked = (problem) => (problems?.includes(problem) ? 'degraded' : 'ok');
  const two = (number) => (known(number) ? number.toFixed(2) : NOT_KNOWN);
  const waiting = (name, key) => {
    const some = pressure?.[key].some;
    return { name, value: percent(some?.avg10), text: percent, top: 10,
      detail: some ? `${percent(some.avg60)} of the last minute` : '',
      past: gaugePast(`pressure_${key}_percent`) };
  };
  const rate = (name, key) => {
    const text = (bytes) => (known(bytes) ? `${size(bytes)}/s` : NOT_KNOWN);
    return { name, value: text(past?.gauges[key]?.at(-1)), text, top: 1e4, detail: '',
      past: gaugePast(key) };
  };
  const milliseconds = (seconds) =>
    (known(seconds) ? `${(seconds * 1e3).toFixed(Math.abs(seconds) < 0.01 ? 2 : 0)} ms` : NOT_KNOWN);
  return [
    { name: 'CPU', value: share(host.cpu_busy), text: share, top: 1, level: marked('cpu'),
      detail: host.cpus ? counted(host.cpus, 'CPU') : '', past: gaugePast('cpu_busy') },
    { name: 'Load', value: two(load?.one), text: two, top: host.cpus ?? 1,
      detail: load ? `${two(load.five)} in 5 min, ${two(load.fifteen)} in 15 min` : '',
      past: gaugePast('load1') },
    { name: 'Memory', value: share(used), text: share, top: 1, level: marked('memory'),
      detail: memory ? `${size(memory.available_bytes)} free of ${size(memory.total_bytes)}` : '',
      past: gaugePast('memory_used') },
    { name: 'Swap', value: memory && swap === null ? 'none' : share(swap), text: share, top: 1,
      detail: swap === null ? '' : `of ${size(memory.swap_total_bytes)}`, past: gaugePast('swap_used') },
    waiting('CPU pressure', 'cpu'),
    waiting('Memory pressure', 'memory'),
    waiting('I/O pressure', 'io'),
    rate('Network in', 'receive_bytes_per_second'),
    rate('Network out', 'transmit_bytes_per_second'),
    { name: 'Clock', value: clock?.offset_seconds != null ? milliseconds(clock.offset_seconds) : NOT_KNOWN, top: 1e-3,
      text: milliseconds, level: marked('clock'),
      detail: clock ? clockWords(clock) : '',
      past: (hour) => hour.gauges.clock_offset_seconds?.map((one) => one && Math.abs(one)) },
  ];
}

const used = (total, free) => (total && known(free) ? 1 - free / total : null);

// As `pawsctl status`: each device once, what is nearest to its end first, images and the tiny not.
function diskGauges(filesystems) {
  const seen = new Set();
  const urgency = (one) => (one.size_bytes === null
    ? 2 : Math.max(used(one.size_bytes, one.avail_bytes), used(one.files, one.files_free) ?? 0));
  return (filesystems ?? []).filter((one) => {
    const again = one.device.startsWith('/') && seen.has(one.device);
    seen.add(one.device);
    const image = ['squashfs', 'iso9660', 'erofs', 'cramfs'].includes(one.fstype);
    return !again && !image && !(one.size_bytes !== null && one.size_bytes < 1e6);
  }).sort((a, b) => urgency(b) - urgency(a)).map((one) => {
    const share_used = used(one.size_bytes, one.avail_bytes), end = urgency(one);
    const inodes = used(one.files, one.files_free);
    return { name: one.mountpoint, value: share(share_used), text: share, top: 1,
      level: end > 0.9 ? 'failed' : end > 0.75 ? 'degraded' : 'ok',
      detail: one.error ?? words(
        `${size(one.avail_bytes)} free of ${size(one.size_bytes)}`,
        inodes !== null && `${share(inodes)} of inodes`,
        one.full_in_seconds !== null && `full in ${age(one.full_in_seconds)}`,
        one.read_only && 'read-only'),
      past: (past) => past.filesystems[one.mountpoint] };
  });
}

const gaugeRows = new Map();

function newGauge(gauge) {
  const row = { name: el('span', { class: 'name' }), value: el('span', { class: 'value' }),
    detail: el('span', { class: 'detail' }) };
  row.plot = svg('svg', {
    class: 'spark', viewBox: `0 0 ${STEPS} 40`, preserveAspectRatio: 'none', role: 'img',
  });
  row.node = el('li', {}, row.name, row.plot, row.value, row.detail);
  say(row.name, gauge.name);
  return row;
}

function drawGauges(list, gauges, past) {
  gauges.forEach((gauge, place) => {
    const key = `${list.id} ${gauge.name}`;
    if (!gaugeRows.has(key)) gaugeRows.set(key, newGauge(gauge));
    const row = gaugeRows.get(key);
    const level = gauge.level ?? 'ok';
    set(row.value, { class: `value ${level}` });
    fill(row.value, [level, gauge.value], () =>
      [level === 'ok' ? null : sign(level), el('span', {}, gauge.value)]);
    say(row.detail, gauge.detail);
    spark(row.plot, gauge, past);
    if (list.children[place] !== row.node) list.insertBefore(row.node, list.children[place]);
  });
  while (list.children.length > gauges.length) list.lastChild.remove();
}

function clockWords(clock) {
  const synchronised = clock?.synchronised ?? null;
  const words = synchronised === null ? NOT_KNOWN : synchronised ? 'synchronised' : 'not synchronised';
  const behind = clock?.behind_github_seconds ?? 0;
  if (Math.abs(behind) < 1) return words;
  return `${words}, ${age(Math.abs(behind))} ${behind > 0 ? 'behind' : 'ahead of'} GitHub's`;
}

function drawHost(host, now, past) {
  const clock = `clock ${clockWords(host.clock)}`;
  fill(at('host-facts'), [healthOf(host), host.problems, age(now - moment(host.boot)), clock], () => [
    sign(healthOf(host)), el('strong', {}, healthWords(healthOf(host), host.problems)),
    `up ${age(now - moment(host.boot))}, ${clock}`]);
  drawGauges(at('gauges'), hostGauges(host, past), past);
  const disks = diskGauges(host.filesystems);
  drawGauges(at('disks'), disks.slice(0, SHOWN_DISKS), past);
  const others = disks.length - SHOWN_DISKS;
  say(at('more-disks'), others > 0 ? `and ${counted(others, 'other')}, none fuller`
    : disks.length ? '' : NOT_KNOWN);
}

// Agent

// "the journal is not readable; run: usermod ..." ends with what mends it.
function fault(name, text, command) {
  const [, said, run] = text.match(/^(.*?)[;,.]? run: (.+)$/s) ?? [null, text, command];
  return el('li', {}, sign('degraded'), el('div', {}, el('strong', {}, name), ` ${said}`,
    run ? el('code', {}, run) : null));
}

function faultsOf(agent) {
  const faults = failing(agent).map((one) =>
    fault(one.name, one.error ?? '', 'journalctl -u paws-agent -n 50'));
  if (!agent.config_reload_successful) {
    faults.push(fault('configuration', 'the last reload was refused; what was in force stays',
      `pawsctl config check ${agent.config_file ?? ''}`.trim()));
  }
  return faults;
}

function drawAgent(agent, now) {
  const bad = failing(agent).length, all = counted(agent.collectors.length, 'collector');
  const health = agentHealth(agent);
  const facts = words(bad ? `${bad} of ${all} failing` : `${all}, all working`,
    agent.config_reload_successful && 'configuration in force',
    agent.started && `up ${age(now - moment(agent.started))}`,
    `version ${agent.version} (${agent.revision.slice(0, 8)})`);
  fill(at('agent-facts'), [health, facts], () => [sign(health), el('strong', {}, health), facts]);
  fill(at('faults'), [failing(agent).map((one) => [one.name, one.error]), agent.config_reload_successful],
    () => faultsOf(agent));
}

// The whole

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
