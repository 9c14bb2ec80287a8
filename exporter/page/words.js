// Words, and the signs beside them.

const RANK = { ok: 0, degraded: 1, unknown: 2, failed: 3 };
const NOT_KNOWN = 'not known';

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
