"""The packages that ./dev package leaves in build/package: what is in them, what they ask of a host,
and that the same source gives the same bytes."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import time

import pytest

import project
from test_files import entries

PACKAGES = project.SOURCE / "build/package"
# ADR 0015. What else a binary needs is missing on some host.
SONAMES = {
    "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2",
    "libsystemd.so.0", "libssl.so.3", "libcrypto.so.3", "libsqlite3.so.0", "libz.so.1",
}
# What the oldest target has: Debian 12. EL 10, Fedora 40 and Ubuntu 24.04 have more.
NEWEST = {"GLIBC": (2, 36), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "OPENSSL": (3, 0, 0),
          "LIBSYSTEMD": (252,), "GCC": (12, 0, 0), "ZLIB": (1, 2, 13)}
LICENCE = "/usr/share/licenses/paws-runner-agent/LICENSE"
LARGEST = 15 << 20  # bytes, installed


def output(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True,
                          text=True).stdout


@pytest.fixture(scope="module")
def deb():
    found = list(PACKAGES.glob("*.deb"))
    assert len(found) == 1, f"{found}: ./dev package makes it"
    return found[0]


@pytest.fixture(scope="module")
def rpm():
    found = list(PACKAGES.glob("*.rpm"))
    assert len(found) == 1, f"{found}: ./dev package makes it"
    return found[0]


@pytest.fixture(scope="module")
def unpacked(deb, tmp_path_factory):
    root = tmp_path_factory.mktemp("deb")
    output("dpkg-deb", "-x", deb, root)
    return root


def expected():
    return {f"/{place}": int(mode, 8) for _, place, mode in entries()}


def test_both_install_what_the_list_says_as_root(deb, rpm):
    in_deb = {}
    for line in output("dpkg-deb", "-c", deb).splitlines():
        mode, owner, _, _, _, path = line.split(maxsplit=5)
        if not path.endswith("/"):
            in_deb[path[1:]] = mode
            assert owner == "root/root", line
    in_rpm = {}
    for line in output("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}\n]",
                       rpm).splitlines():
        path, mode, owner = line.split()
        if not mode.startswith("d"):
            in_rpm[path] = mode
            assert owner == "root", line
    modes = {path: "-rwxr-xr-x" if mode == 0o755 else "-rw-r--r--"
             for path, mode in expected().items()}
    assert in_deb == modes
    # Where the zsh of RHEL-likes looks.
    of_rpm = {path.replace("vendor-completions/_", "site-functions/_"): mode
              for path, mode in modes.items()}
    assert in_rpm == {**of_rpm, LICENCE: "-rw-r--r--"}


def test_the_rpm_has_the_text_of_its_licence(rpm):
    """Debian has it for all packages."""
    assert output("rpm", "-qp", "--licensefiles", rpm).split() == [LICENCE]
    digests = output("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEDIGESTS}\n]", rpm)
    assert f"{LICENCE} {hashlib.sha256((project.SOURCE / 'LICENSE').read_bytes()).hexdigest()}" in digests
    assert LICENCE in (project.SOURCE / "packaging/copyright").read_text()


def test_both_tell_the_same_changes(unpacked, rpm):
    """As they stand in CHANGELOG.md, at the commit's time."""
    packed = unpacked / "usr/share/doc/paws-runner-agent/changelog.gz"
    of_deb = gzip.decompress(packed.read_bytes()).decode()
    of_rpm = output("rpm", "-qp", "--changelog", rpm)

    def changes(text, bullet):
        entries = re.findall(rf"^{re.escape(bullet)}(.*(?:\n {{{len(bullet)}}}.*)*)", text, re.M)
        return [" ".join(entry.split()) for entry in entries]

    assert changes(of_deb, "  * ") and changes(of_rpm, "- ") == changes(of_deb, "  * ")
    version = output("rpm", "-qp", "--qf", "%{VERSION}-%{RELEASE}", rpm)
    built = time.gmtime(int(output("rpm", "-qp", "--qf", "%{BUILDTIME}", rpm)))
    assert of_rpm.startswith(time.strftime("* %a %b %d %Y ", built))
    assert of_rpm.splitlines()[0].endswith(f" - {version}")


def test_what_operators_edit_is_kept_by_both(deb, rpm):
    in_etc = {path for path in expected() if path.startswith("/etc/")}
    assert in_etc
    assert set(output("dpkg-deb", "-I", deb, "conffiles").split()) == in_etc
    assert set(output("rpm", "-qpc", rpm).split()) == in_etc


def test_it_is_small(unpacked):
    size = sum(path.stat().st_size for path in unpacked.rglob("*") if path.is_file())
    print(f"installed: {size / (1 << 20):.1f} MiB")
    assert size <= LARGEST


PROGRAMS = ["usr/bin/paws-agent", "usr/bin/pawsctl", "usr/libexec/paws-agent/paws-action"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_binary_needs_only_what_all_hosts_have(unpacked, program):
    binary = unpacked / program
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", binary)))
    assert needed and needed <= SONAMES
    versions = set(re.findall(r"Name: ([A-Z_a-z]+)_([\d.]+)", output("readelf", "-V", binary)))
    assert {name for name, _ in versions} <= set(NEWEST)
    for name, number in versions:
        assert tuple(int(part) for part in number.split(".")) <= NEWEST[name], (name, number)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_binary_is_stripped_and_hardened(unpacked, program):
    binary = unpacked / program
    assert "PIE" in output("readelf", "-d", binary)
    headers = output("readelf", "-l", binary)
    assert "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK(\s+0x\w+){5}\s+RW\s", headers)
    assert "BIND_NOW" in output("readelf", "-d", binary)
    assert ".symtab" not in output("readelf", "-S", binary)
    symbols = output("readelf", "-W", "--dyn-syms", binary)
    assert "_chk@" in symbols and "__stack_chk_fail@" in symbols


def test_an_old_host_is_refused_by_what_it_lacks(deb, rpm):
    depends = output("dpkg-deb", "-f", deb, "Depends")
    assert re.search(r"libc6 \(>= 2\.3[4-6]\)", depends), depends  # Debian 11 has 2.31
    for package in ("libstdc++6 (>= 12", "libssl3 (", "systemd (>= 252)"):
        assert package in depends, depends
    requires = output("rpm", "-qpR", rpm)
    assert "libstdc++.so.6(GLIBCXX_3.4.30)(64bit)" in requires  # EL 9 has 3.4.29
    assert "systemd >= 252" in requires


def test_manual_pages_are_without_a_warning(unpacked):
    pages = sorted((unpacked / "usr/share/man").rglob("*.gz"))
    assert [page.name for page in pages] == ["pawsctl.1.gz", "paws-agent.toml.5.gz", "paws-agent.8.gz"]
    for page in pages:
        # Wide, so that the columns of tables have room for their words.
        shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                               capture_output=True, text=True, env={**os.environ, "MANWIDTH": "250"})
        assert shown.returncode == 0 and shown.stderr == "", f"{page.name}: {shown.stderr}"


@pytest.fixture
def old_file():
    """One of the files is older than the commit, as where it has not changed for long."""
    file = next(project.SOURCE / source for source, _, _ in entries() if source.endswith(".md"))
    times = file.stat()
    os.utime(file, (1e9, 1e9))
    yield
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_the_same_build_gives_the_same_bytes_wherever_and_whenever(deb, rpm, tmp_path, old_file):
    """Packed again: later, elsewhere, by one with a home, a zone and a language of his own."""
    packed_at = output("rpm", "-qp", "--qf", "%{BUILDTIME}", rpm)
    subprocess.run(["cpack", "-B", tmp_path], cwd=project.build(), check=True, capture_output=True,
                   umask=0o022, env={**os.environ, "SOURCE_DATE_EPOCH": packed_at,
                                     "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(tmp_path)})
    for package in (deb, rpm):
        assert (tmp_path / package.name).read_bytes() == package.read_bytes(), package.name


def test_the_server_that_is_compiled_in_is_hardened_too():
    """It parses what the network sends, in C."""
    symbols = output("nm", project.SOURCE / "build/deps/civetweb/lib/libcivetweb.a")
    assert "U __stack_chk_fail" in symbols and "U __vsnprintf_chk" in symbols


def test_the_list_of_what_is_compiled_in_is_whole(unpacked):
    documents = unpacked / "usr/share/doc/paws-runner-agent"
    listed = json.loads((documents / "sbom.cdx.json").read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.5")
    found = {one["name"]: one["version"] for one in listed["components"]}
    assert all(re.match(r"[\d.]+", version) for version in found.values()), found
    assert found["civetweb"] == (project.SOURCE / "build/deps/civetweb/debian_version").read_text().strip()
    # Each has its licence in the copyright, and nothing has one that is not listed.
    told = set(re.findall(r"^Files: (?!\*)(\S+)", (documents / "copyright").read_text(), re.M))
    short = {re.sub(r"^lib|(\d\.\d+)?-dev$", "", name) for name in found}
    assert short == told


def test_needrestart_leaves_runners_alone(unpacked):
    """In the language of its configuration, as it reads it."""
    asked = """our %nrconf; do $ARGV[0] or die "$ARGV[0]: $@$!";
        my @rules = grep { "actions.runner.acme-w.r1.service" =~ $_ } keys %{$nrconf{override_rc}};
        print scalar(@rules), $nrconf{override_rc}{$rules[0]};
        print grep { "actions-runner.service" =~ $_ } keys %{$nrconf{override_rc}};"""
    config = unpacked / "etc/needrestart/conf.d/paws-agent.conf"
    # What a `do` returns is the last value, which is the 0 of the rule.
    assert output("perl", "-e", asked.replace(" or die", " // die"), config) == "10"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_binary_does_not_tell_where_it_was_built(unpacked, program):
    assert str(project.SOURCE).encode() not in (unpacked / program).read_bytes()
