// Runners: a card each.

const SHOWN_JOBS = 3;

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

function runOf({ repository, run_id: run, run_attempt: attempt }) {
  return `${repository} run ${run}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

function jobOf(runner, now) {
  const { job } = runner;
  return [
    el('span', { class: 'label' }, 'Job'),
    el('span', { class: 'name' }, job.name,
      job.identity ? el('span', { class: 'run' }, runOf(job.identity)) : null),
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
