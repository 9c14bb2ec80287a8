// The host: gauges with their last hour.

const SHOWN_DISKS = 8;

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
