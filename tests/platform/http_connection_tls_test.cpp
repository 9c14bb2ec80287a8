// Over TLS: whom it trusts, who it is, and what changes on disk.
#include "tests/platform/http_connection_rig.h"
#include "tests/support/temporary_directory.h"

#include <atomic>
#include <filesystem>
#include <fstream>

using namespace paws;
using namespace paws::tests;

namespace {

ReachFailure failure_of(const HttpResult& result) {
    REQUIRE_FALSE(result);
    return result.failure();
}

struct House {
    TemporaryDirectory directory;
    TestAuthority authority{directory.path(), "authority"};
    CertificateFiles server = authority.issue("server", "IP:127.0.0.1");

    HttpOptions trusting() const {
        HttpOptions options;
        options.ca_file = authority.file();
        options.patience = 20s;
        return options;
    }
    HttpOptions introducing(const CertificateFiles& files) const {
        auto options = trusting();
        options.cert_file = files.cert;
        options.key_file = files.key;
        return options;
    }
};

// Answers each request with the name in the client's certificate, then closes.
void answer_with_name(WebClient& client) {
    if (client.read()) {
        const auto name = client.certificate();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(name.size()) +
                    "\r\n\r\n" + name);
    }
}

}  // namespace

TEST_CASE("http_connection: over TLS it is kept, and a large body arrives") {
    const House house;
    std::atomic<std::size_t> arrived{0};
    const WebServer server{[&](WebClient& client) {
                               while (const auto request = client.read()) {
                                   arrived += request->body().size();
                                   client.send(web_ok);
                               }
                           },
                           WebTls{.files = house.server}};
    Rig rig{url_of(server.port(), true), house.trusting()};
    for (int number = 0; number < 100; ++number) {
        REQUIRE(rig.ask(post_of("abc")));
    }
    REQUIRE(rig.ask(post_of(std::string(1U << 20U, 'x'))));
    CHECK(arrived == 300 + (1U << 20U));
    CHECK(rig.connection->opened() == 1);
}

TEST_CASE("http_connection: over TLS one that the server closed is opened anew") {
    const House house;
    const WebServer server{answer_with_name, WebTls{.files = house.server}};
    Rig rig{url_of(server.port(), true), house.trusting()};
    CHECK(rig.ask());
    CHECK(rig.ask(post_of("body")));
    CHECK(rig.connection->opened() == 2);
}

TEST_CASE("http_connection: over TLS a refusal before all is sent is the answer") {
    const House house;
    const WebServer server{
        [](WebClient& client) {
            client.read_header();
            client.send("HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        },
        WebTls{.files = house.server}};
    Rig rig{url_of(server.port(), true), house.trusting()};
    for (int number = 0; number < 5; ++number) {
        const auto refused = rig.ask(post_of(std::string(16U << 20U, 'x')));
        CAPTURE((refused ? "" : refused.failure().what));
        REQUIRE(refused);
        CHECK(refused->status == 401);
    }
}

TEST_CASE("http_connection: TLS goes through the proxy's tunnel, for the server's name") {
    const House house;
    const auto files = house.authority.issue("example", "DNS:server.example");
    const WebServer proxy{[](WebClient& client) {
                              client.read();
                              client.send("HTTP/1.1 200 Connection established\r\n\r\n");
                              if (client.begin_tls()) {
                                  answer_each(web_ok)(client);
                              }
                          },
                          WebTls{.files = files, .begin = WebTls::Begin::when_asked}};
    auto options = house.trusting();
    options.proxy = "127.0.0.1:" + std::to_string(proxy.port());
    Rig rig{{.host = "server.example"}, options};
    CHECK(rig.ask()->body == "ok");
    CHECK(rig.ask()->body == "ok");
    CHECK(rig.connection->opened() == 1);
    Rig other{{.host = "other.example"}, options};
    const auto failure = failure_of(other.ask());
    CHECK(failure.stage == ReachStage::tls);
    CHECK(failure.what.find("certificate is refused: hostname mismatch") != std::string::npos);
}

TEST_CASE("http_connection: whom it does not trust is refused, and so is another's certificate") {
    const House house;
    const TestAuthority stranger{house.directory.path(), "stranger"};
    const auto refusal = [&](const TestAuthority& issuer, const std::string& alternative) {
        const WebServer server{answer_each(web_ok),
                               WebTls{.files = issuer.issue("refused", alternative)}};
        Rig rig{url_of(server.port(), true), house.trusting()};
        const auto failure = failure_of(rig.ask());
        CHECK(failure.stage == ReachStage::tls);
        CHECK(rig.connection->opened() == 0);
        return failure.what;
    };
    CHECK(refusal(stranger, "IP:127.0.0.1").find("certificate is refused") != std::string::npos);
    CHECK(refusal(house.authority, "IP:127.0.0.2").find("IP address mismatch") !=
          std::string::npos);
}

TEST_CASE("http_connection: it shows its certificate to a server that wants one") {
    const House house;
    const WebServer server{
        answer_with_name,
        WebTls{.files = house.server, .client_authority = house.authority.file()}};
    const auto url = url_of(server.port(), true);
    const auto client = house.authority.issue("client", "DNS:client.example");
    Rig known{url, house.introducing(client)};
    CHECK(known.ask()->body == "client");
    Rig unknown{url, house.trusting()};
    const auto failure = failure_of(unknown.ask(post_of("body")));
    CHECK(failure.stage == ReachStage::tls);
    CHECK(failure.what.find("certificate required") != std::string::npos);
}

TEST_CASE(
    "http_connection: what changed on disk holds for the next connection, without a restart") {
    const House house;
    const WebServer server{
        answer_with_name,
        WebTls{.files = house.server, .client_authority = house.authority.file()}};
    const auto files = house.authority.issue("one", "DNS:client.example");
    Rig rig{url_of(server.port(), true), house.introducing(files)};
    CHECK(rig.ask()->body == "one");
    const auto second = house.authority.issue("two", "DNS:client.example");
    std::filesystem::rename(second.cert, files.cert);
    const auto between = failure_of(rig.ask());  // the key is still the old one's
    CHECK(between.stage == ReachStage::tls);
    CHECK(between.what.starts_with(files.key + ": "));
    std::filesystem::rename(second.key, files.key);
    CHECK(rig.ask()->body == "two");
    const TestAuthority stranger{house.directory.path(), "stranger"};
    std::filesystem::rename(stranger.file(), house.authority.file());
    CHECK(failure_of(rig.ask()).what.find("certificate is refused") != std::string::npos);
}

TEST_CASE("http_connection: a file that is no use is named, and what stands in it is not") {
    const House house;
    const WebServer server{answer_each(web_ok), WebTls{.files = house.server}};
    const auto client = house.authority.issue("client", "DNS:client.example");
    const auto words = (house.directory.path() / "words").string();
    std::ofstream{words} << "hushed words\n";
    std::filesystem::permissions(words, std::filesystem::perms::owner_read);
    const auto refusal = [&](const HttpOptions& options) {
        Rig rig{url_of(server.port(), true), options};
        const auto failure = failure_of(rig.ask());
        CHECK(failure.stage == ReachStage::tls);
        CHECK(failure.what.find("hushed") == std::string::npos);
        return failure.what;
    };
    CHECK(refusal(house.introducing({.cert = words, .key = client.key})).starts_with(words + ": "));
    CHECK(
        refusal(house.introducing({.cert = client.cert, .key = words})).starts_with(words + ": "));
    CHECK(refusal(house.introducing({.cert = client.cert, .key = "/nowhere.key"})) ==
          "/nowhere.key: No such file or directory");
    CHECK(refusal(house.introducing({.cert = client.cert, .key = ""})) ==
          client.cert + ": a certificate and its key go together");
    auto lost = house.trusting();
    lost.ca_file = words;
    CHECK(refusal(lost).starts_with("certificates to trust: " + words + ": "));
    using std::filesystem::perms;
    std::filesystem::permissions(client.key, perms::owner_read | perms::others_read);
    CHECK(refusal(house.introducing(client)).find("others may read") != std::string::npos);
}
