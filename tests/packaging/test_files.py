"""packaging/files.txt names what the package installs: it exists, and what operators need is in it."""

import re

import project

FOLDERS = ("alerts/**/*.rules.yml", "grafana/*.json", "runbooks/*.md", "systemd/*", "docs/*.md",
           "packaging/hooks/*")
FOR_DEVELOPERS = {"docs/benchmarks.md"}


def entries():
    lines = (project.SOURCE / "packaging/files.txt").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_each_line_names_a_file_a_place_and_a_mode():
    for source, place, mode in entries():
        built = source.startswith("build/release/")
        path = project.build() / source.removeprefix("build/release/") if built \
            else project.SOURCE / source
        assert path.is_file(), f"{source} does not exist"
        assert re.fullmatch(r"(usr|etc)/[\w./@-]+", place) and mode in ("0644", "0755"), source
        assert (mode == "0755") == place.startswith(("usr/bin/", "usr/libexec/")), source


def test_no_place_is_named_twice():
    places = [place for _, place, _ in entries()]
    assert sorted(places) == sorted(set(places))


def test_what_operators_need_is_in_it():
    listed = {source for source, _, _ in entries()}
    found = {str(path.relative_to(project.SOURCE))
             for pattern in FOLDERS for path in project.SOURCE.glob(pattern)}
    assert found - FOR_DEVELOPERS - listed == set()


def test_each_alert_has_its_runbook_where_the_package_puts_it():
    installed = {f"file:///{place}" for _, place, _ in entries()}
    for rules in project.SOURCE.glob("alerts/**/*.rules.yml"):
        text = rules.read_text()
        named = re.findall(r"runbook_url: (\S+)", text)
        assert len(named) == len(re.findall(r"- alert: ", text)), rules
        assert set(named) <= installed, rules
