#include "forwarder/unit_label.h"

#include "core/text.h"

#include <string>

#include <doctest/doctest.h>

using paws::forwarder::unit_label;

namespace {

const std::string id(64, 'a');

void stays(const std::string& unit) {
    CHECK(unit_label(unit) == unit);
}

}  // namespace

TEST_CASE("unit label: what is numbered by systemd has one label for all its numbers") {
    CHECK(unit_label("session-12.scope") == "session-*.scope");
    CHECK(unit_label("session-c3.scope") == "session-*.scope");  // logind's, without an audit id
    CHECK(unit_label("run-u42.service") == "run-*.service");
    CHECK(unit_label("run-r8ad3f0c25b1e4d2f9a7c6b5d4e3f2a1b.scope") == "run-*.scope");
    CHECK(unit_label("run-p1234-i5678.service") == "run-*.service");  // systemd 256 and later
    CHECK(unit_label("run-123.timer") == "run-*.timer");
    CHECK(unit_label("user-1000.slice") == "user-*.slice");
    CHECK(unit_label("user@1000.service") == "user@*.service");
    CHECK(unit_label("user-runtime-dir@1000.service") == "user-runtime-dir@*.service");
}

TEST_CASE("unit label: an instance for each connection or each crash has one label for all") {
    CHECK(unit_label("sshd@3-10.0.0.1:22-10.0.0.2:51234.service") == "sshd@*.service");
    CHECK(unit_label("ssh@0-fe80::1:22-fe80::2:40000.service") == "ssh@*.service");
    CHECK(unit_label("systemd-coredump@7-4711-0.service") == "systemd-coredump@*.service");
    CHECK(unit_label("systemd-coredump@7-4711_4712-0.service") == "systemd-coredump@*.service");
}

TEST_CASE("unit label: containers are told by their engine, not by their id") {
    CHECK(unit_label("docker-1" + id + ".scope") == "docker-*.scope");
    CHECK(unit_label("libpod-0" + id + ".scope") == "libpod-*.scope");
    CHECK(unit_label("libpod-conmon-9" + id + ".scope") == "libpod-conmon-*.scope");
    CHECK(unit_label("cri-containerd-3" + id + ".scope") == "cri-containerd-*.scope");
    CHECK(unit_label("snap.firefox.firefox-9f8e7d6c-1234-4abc-9def-0123456789ab.scope") ==
          "snap.firefox.firefox-*.scope");
}

TEST_CASE("unit label: names that people gave stay, also with digits in them") {
    stays("ssh.service");
    stays("postgresql@15-main.service");
    stays("getty@tty1.service");
    stays("serial-getty@ttyS0.service");
    stays("php8.2-fpm.service");
    stays("systemd-fsck@dev-disk-by\\x2duuid-1234.service");
    stays("systemd-networkd.service");
    stays("init.scope");
    stays("system.slice");
    stays("openvpn-client@office.service");
    stays("deadbeef.service");   // no dash: a name
    stays("my-facade.service");  // letters of hex, and short
    stays("my-defaced-app.service");
    stays("kernel");
}

TEST_CASE("unit label: a runner stays itself, whatever digits it has") {
    stays("actions.runner.acme-widgets.build-01.service");
    stays("actions.runner.acme.12.service");
    stays("actions.runner.acme.runner-1234567890ab.service");
    stays("actions.runner.acme.box@7.service");
    CHECK(unit_label("actions.runnerx-7.service") == "actions.runnerx-*.service");
}

TEST_CASE("unit label: odd names are no trouble") {
    stays("");
    stays("-");
    stays("@");
    stays(".");
    stays("a@");
    stays("a@.service");
    stays("a-.service");
    CHECK(unit_label("-1") == "-*");
    CHECK(unit_label("@1") == "@*");
    CHECK(unit_label("a-1") == "a-*");
    CHECK(unit_label(std::string(1'000'000, 'a')).size() == 255);
    CHECK(unit_label(std::string(1'000'000, '-')).size() == 255);
    CHECK(unit_label("a\xFF\n.service") == "a\xEF\xBF\xBD\xEF\xBF\xBD.service");
    CHECK(unit_label("\xC3\xA4-1.service") == "\xC3\xA4-*.service");
}
