// The agent itself, and what it cannot see.

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

const LATE = 300; // seconds, as the alert LogShippingLagging

// "logs shipping, 0.4 s behind"; nothing where none are to be shipped.
function shippingWords(logs) {
  if (!logs) return '';
  const lag = logs.lag_seconds;
  const behind = !known(lag) ? NOT_KNOWN : lag <= 0 ? 'nothing waits'
    : `${lag < 9.95 ? `${lag.toFixed(1)} s` : age(lag)} behind`;
  return `logs ${logs.state}, ${behind}`;
}

function shippingFault(logs) {
  if (!logs || (logs.state === 'shipping' && !logs.trouble && !(logs.lag_seconds > LATE))) return [];
  return [fault('logs', words(logs.state, logs.trouble ?? ''), 'pawsctl logs status')];
}

function drawAgent(agent, now) {
  const bad = failing(agent).length, all = counted(agent.collectors.length, 'collector');
  const health = agentHealth(agent);
  const facts = words(bad ? `${bad} of ${all} failing` : `${all}, all working`,
    agent.config_reload_successful && 'configuration in force',
    shippingWords(agent.logs),
    agent.started && `up ${age(now - moment(agent.started))}`,
    `version ${agent.version} (${agent.revision.slice(0, 8)})`);
  fill(at('agent-facts'), [health, facts], () => [sign(health), el('strong', {}, health), facts]);
  fill(at('faults'), [failing(agent).map((one) => [one.name, one.error]), agent.config_reload_successful,
    agent.logs?.state, agent.logs?.trouble, agent.logs?.lag_seconds > LATE],
    () => [...faultsOf(agent), ...shippingFault(agent.logs)]);
}
