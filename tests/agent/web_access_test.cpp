#include "agent/web_access.h"

#include "agent/config_file.h"
#include "platform/system_clock.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_authority.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

namespace {

struct Rig {
    TemporaryDirectory dir;
    TestAuthority authority{dir.path(), "authority"};
    CertificateFiles server{authority.issue("server", "DNS:localhost")};
    WebSection web{.tls_cert = server.cert,
                   .tls_key = server.key,
                   .client_ca = authority.file(),
                   .token_file = write("tokens", "0123456789abcdef\n", 0640)};
    Log log{Log::Reader::people, LogLevel::error};
    Now now = platform::now();
    WebAccess access{web, [this] { return now; }, log};

    std::string path(const std::string& name) const { return (dir.path() / name).string(); }
    std::string write(const std::string& name, const std::string& text, mode_t mode) const {
        std::ofstream{path(name)} << text;
        ::chmod(path(name).c_str(), mode);
        return path(name);
    }
    std::string load(const std::string& more) const {
        write("agent.toml", "[web]\nlisten = []\n" + more, 0640);
        const auto loaded = load_config(path("agent.toml"), MissingFile::is_an_error);
        return loaded ? "accepted" : loaded.error().what;
    }
};

std::string parsed(const std::string& text) {
    const auto config = parse_config({{"agent.toml", text}});
    return config ? "accepted" : config.error().what;
}

}  // namespace

TEST_CASE("web: what goes together is named together, in whatever documents") {
    CHECK(parsed("[web]\n\ntls_cert = '/a'") ==
          "agent.toml:3:12: [web] 'tls_cert' needs 'tls_key'");
    CHECK(parsed("[web]\ntls_key = '/a'") == "agent.toml:2:11: [web] 'tls_key' needs 'tls_cert'");
    CHECK(parsed("[web]\nclient_ca = '/a'\ntoken_file = '/t'") ==
          "agent.toml:2:13: [web] 'client_ca' needs 'tls_cert' and 'tls_key': clients show "
          "certificates over TLS only");
    CHECK(parsed("[web]\ntoken_file = '/t'") == "accepted");
    const auto both = parse_config(
        {{"agent.toml", "[web]\ntls_cert = '/a'"}, {"conf.d/key.toml", "[web]\ntls_key = '/k'"}});
    REQUIRE(both);
    CHECK(both->web.tls_key == "/k");
    const auto half = parse_config(
        {{"agent.toml", "[web]\ntls_cert = '/a'"}, {"conf.d/z.toml", "[web]\ntls_cert = '/z'"}});
    REQUIRE_FALSE(half);
    CHECK(half.error().what == "conf.d/z.toml:2:12: [web] 'tls_cert' needs 'tls_key'");
}

TEST_CASE("web: faulty files are told by the place of their setting") {
    const Rig rig;
    const auto pair = "tls_cert = '" + rig.server.cert + "'\ntls_key = '" + rig.server.key + "'\n";
    const auto where = [&](int line, int column) {
        return rig.path("agent.toml") + ":" + std::to_string(line) + ":" + std::to_string(column);
    };
    CHECK(rig.load(pair) == "accepted");
    CHECK(rig.load(pair + "client_ca = '/nowhere'") ==
          where(5, 13) + ": [web] 'client_ca' /nowhere: No such file or directory");
    const auto other = rig.authority.issue("other", "DNS:other");
    CHECK(rig.load("tls_cert = '" + rig.server.cert + "'\ntls_key = '" + other.key + "'")
              .starts_with(where(4, 11) + ": [web] 'tls_key' " + other.key +
                           ": is not the key of the certificate; "));
    const auto tokens = rig.write("short", "\n\nsecret\n", 0640);
    const auto refused = rig.load("token_file = '" + tokens + "'");
    CHECK(refused.starts_with(where(3, 14) + ": [web] 'token_file' " + tokens + ": line 3: "));
    CHECK(refused.find("secret") == std::string::npos);
    const auto open = rig.write("open", "0123456789abcdef", 0644);
    CHECK(rig.load("token_file = '" + open + "'") ==
          where(3, 14) + ": [web] 'token_file' " + open +
              ": others may read or change this secret; run: chmod 0640 " + open);
}

TEST_CASE("web: a start has patience with files that are being renewed, and a check has none") {
    const Rig rig;
    const auto whole = rig.path("server.key");
    const auto on_its_way = rig.path("server.key.new");
    std::filesystem::rename(whole, on_its_way);
    rig.write("agent.toml",
              "[web]\nlisten = []\ntls_cert = '" + rig.server.cert + "'\ntls_key = '" + whole + "'",
              0640);
    const auto load = [&](std::chrono::milliseconds patience) {
        return load_config(rig.path("agent.toml"), MissingFile::is_an_error, patience).has_value();
    };
    CHECK_FALSE(load(0ms));
    CHECK_FALSE(load(200ms));
    std::thread renewal{[&] {
        std::this_thread::sleep_for(200ms);
        std::filesystem::rename(on_its_way, whole);
    }};
    CHECK(load(20s));
    renewal.join();
}

TEST_CASE("WebAccess: what is not set is not there") {
    Log log{Log::Reader::people, LogLevel::error};
    WebAccess none{WebSection{}, platform::now, log};
    REQUIRE(none.begin());
    CHECK(none.identity() == nullptr);
    CHECK(none.tokens() == nullptr);
    CHECK_FALSE(none.has_tls());
    const auto files = none.describe();
    CHECK_FALSE(files.certificate_expires);
    CHECK_FALSE(files.tls_good);
    CHECK_FALSE(files.tokens_good);
}

TEST_CASE("WebAccess: a new pair and new tokens are in force with the next question") {
    Rig rig;
    REQUIRE(rig.access.begin());
    const auto before = rig.access.identity();
    CHECK(rig.access.identity() == before);
    rig.authority.issue("server", "DNS:localhost");
    // A look at the files that is slow is left behind, and those before stay in force.
    CHECK(eventually([&] { return rig.access.identity() != before; }));
    CHECK(rig.access.tokens()->hold("0123456789abcdef"));
    rig.write("tokens.new", "# second\nfedcba9876543210\n", 0640);
    std::filesystem::rename(rig.path("tokens.new"), rig.path("tokens"));
    CHECK(eventually([&] { return rig.access.tokens()->hold("fedcba9876543210"); }));
    CHECK_FALSE(rig.access.tokens()->hold("0123456789abcdef"));
    CHECK(rig.access.describe().tls_good == true);
    CHECK(rig.access.describe().tokens_good == true);
    CHECK(*rig.access.describe().certificate_expires > rig.now.wall);
}

TEST_CASE("WebAccess: while the files are faulty those before are in force") {
    Rig rig;
    REQUIRE(rig.access.begin());
    const auto before = rig.access.identity();
    const auto expires = rig.access.describe().certificate_expires;
    rig.authority.issue("other", "DNS:other");
    std::filesystem::rename(rig.path("other.key"), rig.server.key);
    rig.write("tokens", "short", 0640);
    CHECK(rig.access.describe().tls_good == true);  // the rest may be on its way
    exporter::WebFiles files;
    CHECK(eventually([&] {
        rig.now.boot += 2s;
        files = rig.access.describe();
        return files.tls_good == false && files.tokens_good == false;
    }));
    CHECK(files.certificate_expires == expires);
    CHECK(rig.access.identity() == before);
    CHECK(rig.access.tokens()->hold("0123456789abcdef"));
    rig.authority.issue("server", "DNS:localhost");
    CHECK(eventually([&] { return rig.access.describe().tls_good == true; }));
}

TEST_CASE("WebAccess: refused handshakes are counted by their fault") {
    using exporter::HandshakeFault;
    Rig rig;
    const exporter::HandshakeCounts none{};
    CHECK(rig.access.handshakes_refused() == none);
    rig.access.note({.fault = HandshakeFault::certificate, .why = "expired", .peer = "a"});
    rig.access.note({.fault = HandshakeFault::certificate, .why = "expired", .peer = "b"});
    rig.access.note({.fault = HandshakeFault::other, .why = "http request", .peer = "c"});
    CHECK(rig.access.handshakes_refused() == exporter::HandshakeCounts{0, 2, 0, 0, 1});
    Log log{Log::Reader::people, LogLevel::error};
    CHECK_FALSE(WebAccess{WebSection{}, platform::now, log}.handshakes_refused());
}

TEST_CASE("open_to_listeners: tokens in the clear where others can listen") {
    WebSection web{.listen = {"127.0.0.1:1", "unix:/a", "[::1]:1"}, .token_file = "/t"};
    CHECK_FALSE(open_to_listeners(web));
    web.listen.emplace_back("10.1.2.3:7297");
    CHECK(open_to_listeners(web) == "10.1.2.3:7297");
    web.tls_cert = "/cert";
    CHECK_FALSE(open_to_listeners(web));
    CHECK_FALSE(open_to_listeners(WebSection{}));
}
