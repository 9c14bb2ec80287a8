"""Which runners there are and how their units stand, as systemd has them."""

import project
from runner_unit import RunnerUnit


def test_units_in_every_condition_are_found(host, agent):
    runners = {}
    for condition in ("active", "failed", "inactive", "disabled", "masked"):
        runners[condition] = RunnerUnit(host, condition).install()
    runners["active"].start()
    runners["failed"].start()
    host.kill(runners['failed'].main_pid())
    runners["inactive"].start()
    runners["inactive"].stop()
    host.run(["systemctl", "disable", "--quiet", runners["disabled"].unit])
    masked = runners["masked"].unit
    host.run(f"mv /etc/systemd/system/{masked} /usr/lib/systemd/system/; "
             f"systemctl daemon-reload; systemctl mask --quiet {masked}")
    expected = {
        "active": ("idle", "listens"), "failed": ("stopped", "crash"),
        "inactive": ("stopped", "operator"), "disabled": ("stopped", "disabled"),
        "masked": ("stopped", "masked"),
    }
    for condition, (state, reason) in expected.items():
        shown = agent.wait_for_state(runners[condition].name, state)
        host.wait_for(lambda: agent.runner(runners[condition].name)["reason"].startswith(reason),
                      30, f"the {condition} one is {state} for the reason {reason}")
        assert shown["unit"] == runners[condition].unit
        assert agent.metrics().value("paws_runner_up", runner=runners[condition].name) == (
            1 if condition == "active" else 0)
        assert agent.metrics().state(runners[condition].name) == state
    shown = agent.metrics()
    labels, _ = next(shown.all("paws_runner_info", runner=runners["active"].name))
    assert labels["agent_name"] == "active" and labels["scope"] == "acme/widgets"
    assert labels["version"] == "2.336.0"


def test_a_runner_in_a_home_that_is_closed_is_still_judged(host, agent):
    """Also where the action cannot open it: here its unit is masked."""
    host.run("ln -s /dev/null /etc/systemd/system/paws-open@.service; systemctl daemon-reload")
    runner = RunnerUnit(host, "closed").install()
    home = f"/home/{runner.user}"
    host.run(f"chmod 700 {home}; mv {runner.root} {home}/runner; "
             f"sed -i 's#{runner.root}#{home}/runner#' /etc/systemd/system/{runner.unit}; "
             "systemctl daemon-reload")
    host.run(["systemctl", "start", runner.unit])
    shown = agent.wait_for_state(runner.name, "idle")
    assert shown["health"] in ("ok", "degraded")
    told = [one["value"] for one in shown["evidence"] if one["fact"] == "files"]
    assert told and "setfacl -m u:paws-agent:x" in told[0], shown

    def told_why():
        return any("not opened by its action: " in one["value"] and "is masked" in one["value"]
                   for one in agent.runner(runner.name)["evidence"])

    host.wait_for(told_why, 30, "it is told why no action has opened it")
    doctor = host.run(["pawsctl", "doctor"], check=False).stdout
    assert f"journalctl -u 'paws-open@{runner.name}.service'" in doctor, doctor
    host.run(["systemctl", "stop", runner.unit])
    host.run("rm /etc/systemd/system/paws-open@.service; systemctl daemon-reload")


def test_a_unit_file_that_was_edited_and_not_loaded_again_is_told(host, agent):
    """No signal tells of it: systemd has to be asked, and is within half a minute."""
    runner = RunnerUnit(host, "edited").install().start()
    agent.wait_for_state(runner.name, "idle")
    host.run(f"echo '# another line' >>/etc/systemd/system/{runner.unit}")

    def told():
        return "unit_changed" in agent.metrics().problems(runner.name)

    host.wait_for(told, 45, "the edited unit is a problem")
    host.run("systemctl daemon-reload")
    host.wait_for(lambda: not told(), 30, "the reload ends it")
    host.run(["systemctl", "stop", runner.unit])


def test_a_unit_that_goes_away_takes_its_series_along(host, agent):
    runner = RunnerUnit(host, "passing").install().start()
    agent.wait_for_state(runner.name, "idle")
    runner.stop()
    host.run(f"systemctl disable --quiet {runner.unit}; rm /etc/systemd/system/{runner.unit}; "
             "systemctl daemon-reload")
    host.wait_for(lambda: agent.runner(runner.name) is None, 30, "it is gone")
    assert runner.name not in agent.metrics().text


def test_a_hundred_runners(host, agent):
    """Units of runners that do nothing but be there; a scrape stays quick."""
    host.run("""for number in $(seq 100); do
        unit=actions.runner.acme-many.r$number.service
        printf '[Service]\\nExecStart=sleep 1000\\n' >/etc/systemd/system/$unit
        echo $unit
      done >/tmp/units; systemctl daemon-reload; xargs systemctl start </tmp/units""")

    def found():
        return [own for own, value in agent.metrics().all("paws_runner_state", state="starting")
                if value and own["runner"].startswith("acme-many.")]

    host.wait_for(lambda: len(found()) == 100, 60, "all hundred are seen")
    agent.wait_for_quick_scrapes(3 if project.is_sanitized() else 0.3)
    agent.wait_for_collectors()
    host.run("xargs systemctl stop </tmp/units; "
             "rm /etc/systemd/system/actions.runner.acme-many.*; systemctl daemon-reload")
    host.wait_for(lambda: "acme-many" not in agent.metrics().text, 30, "they are gone")
