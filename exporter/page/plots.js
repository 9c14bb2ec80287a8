// Plots. One unit across is one step; the right edge is now, what is missing stays empty.

const STEPS = 360;

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
