"""The .deb on a booted Debian host: installed, useful at once, upgraded, removed and purged."""

import time

import pytest

import project
import exposition
from agent_unit import UNIT, USER, AgentUnit
from broker import Broker
from nspawn import BootedHost
from polling import Unmet
from runner_unit import RunnerUnit

PACKAGE = "paws-runner-agent"
DEB = "/root/package.deb"
BY_HAND_PORT = 7298
NOBODY = 65534
BY_HAND = f"""
[agent]
state_dir = "/root/by-hand/state"
runtime_dir = "/root/by-hand/run"
[web]
listen = ["127.0.0.1:{BY_HAND_PORT}"]
"""


@pytest.fixture(scope="module")
def host():
    with BootedHost("package", {project.build() / "bin": "/srv/bin",
                                project.SOURCE / "tests/support": "/srv/support"}) as host:
        packages = list((project.SOURCE / "build/package").glob("*.deb"))
        assert len(packages) == 1, "./dev package makes it"
        host.copy_in(packages[0], DEB)
        yield host


@pytest.fixture(scope="module")
def agent(host):
    return AgentUnit(host)


def apt(host, *words):
    return host.run(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", *words], timeout=120)


def install(host):
    """Anew, which apt does not do to the version that is there."""
    return host.run(["env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i", DEB], timeout=120)


def is_active(host):
    return host.show(UNIT, "ActiveState")["ActiveState"] == "active"


def test_it_is_useful_seconds_after_its_installation(host, agent):
    began = time.monotonic()
    apt(host, "install", DEB)
    host.wait_for(lambda: agent.get("/-/ready").status == 200, 30, "the agent is ready")
    assert agent.metrics().value("paws_host_cpus") > 0
    print(f"apt install to the first good scrape: {time.monotonic() - began:.1f} s")
    assert is_active(host) and host.show(UNIT, "UnitFileState")["UnitFileState"] == "enabled"
    assert host.run("pawsctl status").stdout


def test_nothing_of_it_runs_as_root(host, agent):
    owners = host.run("ps -o user:20= -C paws-agent").stdout.split()
    assert owners == [USER]
    assert host.run(["stat", "-c", "%U %a", "/var/lib/paws-agent"]).stdout.split() == [USER, "750"]
    assert host.run(["stat", "-c", "%U:%G %a", "/etc/paws-agent/secrets"]).stdout.split() == [
        f"root:{USER}", "750"]


def test_its_units_are_in_order(host):
    units = host.run(f"dpkg -L {PACKAGE} | grep '/systemd/system/.*[.]service$'").stdout.split()
    assert units
    for unit in units:
        verified = host.run(["systemd-analyze", "verify", unit], check=False)
        assert (verified.returncode, verified.stderr) == (0, ""), unit


def test_its_sandbox_hides_nothing_that_it_measures(host, agent):
    """Beside the same program with all rights, as ./dev run starts it."""
    runner = RunnerUnit(host, "measured").install(FAKE_RELAUNCH_MS="300")
    runner.start()
    host.write("/root/by-hand.toml", BY_HAND)
    host.run("systemd-run --unit=by-hand --property=Type=notify "
             "paws-agent --config /root/by-hand.toml")

    def by_hand():
        return exposition.scrape(lambda: host.connect(BY_HAND_PORT))

    def hidden():
        return by_hand().series() - agent.metrics().series()

    try:
        for metrics in (agent.metrics, by_hand):
            host.wait_for(lambda: metrics().state(runner.name) == "idle", 30, "the runner is idle")
        assert len(by_hand().series()) > 200
        # Not at once: some facts are looked at every few seconds, by each in its own.
        host.wait_for(lambda: not (seen := hidden()) or Unmet(seen), 30, "nothing is hidden")
    finally:
        host.run("systemctl stop by-hand")


@pytest.mark.parametrize("setting, hidden", [
    ("ProtectProc=invisible", "paws_runner_processes"),
    ("ProcSubset=pid", "paws_host_cpus"),
    ("ProtectClock=yes", "paws_host_clock_synchronised"),
])
def test_what_its_unit_leaves_open_it_needs(host, agent, setting, hidden):
    assert hidden in agent.metrics().names()
    agent.change_unit(f"[Service]\n{setting}\n")
    agent.restart()

    def runner_is_idle():
        return agent.metrics().state("acme-widgets.measured") == "idle"

    try:
        host.wait_for(runner_is_idle, 30, "the runner is idle")
        assert hidden not in agent.metrics().names()
    finally:
        agent.change_unit("")
        agent.restart()
    host.wait_for(lambda: runner_is_idle() and hidden in agent.metrics().names(), 30, "all is there")


@pytest.fixture
def changed(agent):
    """The agent with a setting of its unit more, until the test ends."""
    def change(setting):
        agent.change_unit(f"[Service]\n{setting}\n")
        agent.restart()

    yield change
    change("")


def test_with_users_of_its_own_it_would_not_know_whose_a_process_is(host, agent, changed):
    runner = RunnerUnit(host, "owned").install(FAKE_RELAUNCH_MS="300").start()
    build = int(host.run(["id", "-u", runner.user]).stdout)

    def users():
        shown = agent.ask("runner", name=runner.name)
        return {one["uid"] for one in shown["result"]["processes"]["list"]} if shown["ok"] else set()

    host.wait_for(lambda: users() == {build} or Unmet(users()), 30, "its processes are its user's")
    changed("PrivateUsers=yes")
    host.wait_for(lambda: users() == {NOBODY} or Unmet(users()), 30, "they could be anybody's")
    runner.stop()


def test_in_a_network_of_its_own_it_would_see_no_connection_and_nobody_would_reach_it(host, agent, changed):
    with Broker(host, pace=2) as broker:
        runner = RunnerUnit(host, "connected").install(FAKE_RELAUNCH_MS="300", FAKE_BROKER=broker.endpoint)
        runner.start()

        def connections():
            shown = agent.ask("runner", name=runner.name)
            return (shown["result"].get("sockets") or {}).get("established") if shown["ok"] else None

        host.wait_for(lambda: connections() == 1 or Unmet(connections()), 30, "its connection is seen")
        assert agent.get("/-/healthy").status == 200
        changed("PrivateNetwork=yes")
        agent.wait_for_state(runner.name, "idle")
        host.wait_for(lambda: connections() == 0 or Unmet(connections()), 30, "no connection is seen")
        with pytest.raises(OSError):
            agent.get("/-/healthy")
        runner.stop()


def test_each_installed_file_is_what_the_package_says(host):
    assert host.run(["dpkg", "--verify", PACKAGE]).stdout == ""


def test_a_runner_in_a_closed_home_is_open_to_it(host, agent):
    host.run("useradd --create-home closed && chmod 700 /home/closed")
    runner = RunnerUnit(host, "closed", user="closed")
    runner.root = "/home/closed/actions-runner"
    runner.install(FAKE_RELAUNCH_MS="300").start()
    agent_name = 'agent_name="closed",scope="acme/widgets"'
    host.wait_for(lambda: agent_name in agent.metrics().text, 30, "its files are read")
    assert host.messages("-t", "paws-open") == [
        f"done: handed over of {runner.root}: root diag work"]
    runner.stop()


def test_an_upgrade_restarts_the_agent_and_no_runner(host, agent):
    runner = RunnerUnit(host, "upgraded").install(FAKE_RELAUNCH_MS="300")
    runner.start()
    agent_pid, runner_pid = agent.pid(), host.main_pid(runner.unit)
    host.write("/etc/paws-agent/agent.toml", "[agent]\nlog_level = \"debug\"\n")
    install(host)
    host.wait_for(lambda: is_active(host) and agent.pid() not in (0, agent_pid), 30, "a new agent")
    assert host.main_pid(runner.unit) == runner_pid
    assert "debug" in host.read("/etc/paws-agent/agent.toml")


def test_an_agent_that_was_disabled_stays_so(host, agent):
    host.run(["systemctl", "disable", UNIT])
    install(host)
    assert host.show(UNIT, "UnitFileState")["UnitFileState"] == "disabled"
    host.run(["systemctl", "enable", UNIT])


def test_an_agent_that_was_masked_stays_so(host, agent):
    host.run(["systemctl", "mask", "--now", UNIT])
    install(host)
    assert host.show(UNIT, "UnitFileState", "ActiveState") == {
        "UnitFileState": "masked", "ActiveState": "inactive"}
    host.run(["systemctl", "unmask", UNIT])
    host.run(["systemctl", "start", UNIT])


def test_one_that_was_stopped_and_is_enabled_is_started(host, agent):
    agent.stop()
    install(host)
    assert host.show(UNIT, "ActiveState", "UnitFileState") == {"ActiveState": "active", "UnitFileState": "enabled"}


def test_one_that_had_failed_is_started(host, agent):
    agent.change_unit("[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n")
    host.run(["systemctl", "restart", UNIT], check=False)
    assert host.show(UNIT, "ActiveState")["ActiveState"] == "failed"
    agent.change_unit("")
    install(host)
    assert is_active(host)


# The same programs as a later version, whose authors changed the settings that it ships.
MAKE_NEWER = f"""
dpkg-deb --raw-extract {DEB} /root/newer
sed -i 's/^Version: .*/Version: 99.0.0/' /root/newer/DEBIAN/control
echo '# of the newer version' >>/root/newer/etc/paws-agent/agent.toml
dpkg-deb -Znone --root-owner-group --build /root/newer /root/newer.deb
"""
KEEPING = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]


def test_settings_that_were_changed_stay_where_the_shipped_ones_changed_too(host, agent):
    own = "[agent]\nlog_level = \"debug\"\n"
    host.write("/etc/paws-agent/agent.toml", own)
    host.run(["sh", "-ec", MAKE_NEWER], timeout=60)
    apt(host, *KEEPING, "install", "/root/newer.deb")
    assert host.run(["dpkg-query", "-W", "-f", "${Version}", PACKAGE]).stdout == "99.0.0"
    assert is_active(host)
    assert host.read("/etc/paws-agent/agent.toml") == own
    assert host.read("/etc/paws-agent/agent.toml.dpkg-dist").endswith("# of the newer version\n")
    apt(host, *KEEPING, "--allow-downgrades", "install", DEB)
    assert host.read("/etc/paws-agent/agent.toml") == own and is_active(host)


def test_a_faulty_configuration_stops_the_agent_and_not_the_package(host, agent):
    good = host.read("/etc/paws-agent/agent.toml")
    host.write("/etc/paws-agent/agent.toml", "[web]\nlisen = [\":1\"]\n")
    installed = install(host)
    assert "paws-agent --check-config" in installed.stderr
    checked = host.run("paws-agent --check-config", check=False)
    assert checked.returncode == 78 and "did you mean 'listen'?" in checked.stderr
    status = host.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", PACKAGE]).stdout
    assert status == "installed" and not is_active(host)
    host.write("/etc/paws-agent/agent.toml", good)
    host.run(["systemctl", "start", UNIT])


def test_a_directory_of_the_operators_is_named_and_opened_as_documented(host, agent):
    host.write("/etc/paws-agent/conf.d/own.toml", '[agent]\nstate_dir = "/srv/own"\n')
    try:
        assert host.run(["systemctl", "restart", UNIT], check=False).returncode != 0
        assert "ReadWritePaths=/srv/own" in agent.log()
        host.run("install -d -o paws-agent -g paws-agent -m 0750 /srv/own")
        agent.change_unit("[Service]\nReadWritePaths=/srv/own\n")
        agent.restart()
        host.wait_for(lambda: host.run("test -s /srv/own/paws.db", check=False).returncode == 0, 30, "it is kept there")
    finally:
        agent.change_unit("")
        host.run("rm /etc/paws-agent/conf.d/own.toml")
        agent.restart()


def test_removed_it_leaves_what_it_knew_and_purged_what_others_made(host, agent):
    host.write("/etc/paws-agent/conf.d/mine.toml", "[agent]\n")
    host.wait_for(lambda: host.run("test -s /var/lib/paws-agent/paws.db", check=False)
                  .returncode == 0, 30, "there is a database")
    host.run("pawsctl runners hook install upgraded --yes")
    # What else may lie in the place of a runner's settings keeps nothing up.
    host.run("rm /opt/runners/acme-widgets.measured/.env && mkfifo /opt/runners/acme-widgets.measured/.env")
    said = apt(host, "remove", PACKAGE).stdout  # of dpkg's terminal
    assert "pawsctl runners hook remove acme-widgets.upgraded --yes" in said
    assert "out of /opt/runners/acme-widgets.upgraded/.env" in said and "measured" not in said
    assert host.run("ps -C paws-agent", check=False).returncode != 0
    host.run("test -s /var/lib/paws-agent/paws.db && test -s /etc/paws-agent/agent.toml")
    apt(host, "purge", PACKAGE)
    left = host.run("ls -d /var/lib/paws-agent /etc/paws-agent/agent.toml /usr/bin/paws-agent",
                    check=False).stdout
    assert left == ""
    assert host.read("/etc/paws-agent/conf.d/mine.toml") == "[agent]\n"
    install(host)
    host.wait_for(lambda: agent.get("/-/ready").status == 200, 30, "installed again it is ready")


def test_purged_it_leaves_nothing_where_nobody_has_made_anything(host, agent):
    host.run("rm /etc/paws-agent/conf.d/mine.toml")
    apt(host, "purge", PACKAGE)
    left = host.run("ls -d /etc/paws-agent /var/lib/paws-agent /run/paws-agent /run/paws-inspect "
                    "/etc/needrestart/conf.d/paws-agent.conf /usr/share/paws-runner-agent",
                    check=False).stdout
    assert left == ""


@pytest.mark.parametrize("put", ["mount -t tmpfs tmpfs /var/lib/paws-agent",
                                 "mv /var/lib/paws-agent /srv/moved && ln -s /srv/moved /var/lib/paws-agent"])
def test_purged_it_leaves_a_state_directory_that_is_more_than_one(host, put):
    install(host)
    host.run(["systemctl", "stop", UNIT])
    host.run(f"{put} && touch /var/lib/paws-agent/paws.db")
    apt(host, "purge", PACKAGE)
    assert host.run(["dpkg-query", "-W", PACKAGE], check=False).returncode != 0
    assert host.run("ls /etc/paws-agent /var/lib/paws-agent/paws.db", check=False).stdout == ""
    host.run("umount /var/lib/paws-agent || rm /var/lib/paws-agent; rm -rf /var/lib/paws-agent")
