#include "pawsctl/log_state.h"

#include "pawsctl/shell_word.h"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

namespace {

boost::json::object logs(const char* text) {
    return boost::json::parse(text).as_object();
}

}  // namespace

TEST_CASE("log_state: the verdict of each state, and of what is wrong while it ships") {
    CHECK(logs_verdict(logs(R"({"configured":false})")) == Verdict::well);
    CHECK(logs_verdict(logs(R"({"state":"shipping","lag_seconds":300})")) == Verdict::well);
    CHECK(logs_verdict(logs(R"({"state":"shipping","lag_seconds":301})")) == Verdict::degraded);
    CHECK(logs_verdict(logs(R"({"state":"shipping","journal_trouble":"x"})")) == Verdict::degraded);
    CHECK(logs_verdict(logs(R"({"state":"shipping","traces_trouble":"x"})")) == Verdict::degraded);
    CHECK(logs_verdict(logs(R"({"state":"retrying","lag_seconds":0})")) == Verdict::degraded);
    CHECK(logs_verdict(logs(R"({"state":"paused"})")) == Verdict::failed);
    for (const auto* unknown :
         {R"({"state":"starting"})", R"({"state":"unknown"})", R"({"state":"new"})", "{}"}) {
        CAPTURE(unknown);
        CHECK(logs_verdict(logs(unknown)) == Verdict::unknown);
    }
}

TEST_CASE("log_state: a lag is read at a glance") {
    CHECK(lag_words(0) == "nothing waits");
    CHECK(lag_words(-3) == "nothing waits");  // a clock stepped
    CHECK(lag_words(0.42) == "0.4 s behind");
    CHECK(lag_words(9.96) == "9 s behind");
    CHECK(lag_words(42) == "42 s behind");
    CHECK(lag_words(5400) == "1 h 30 min behind");
    CHECK(lag_words({}) == "how far behind is not known");
}

TEST_CASE("log_state: each reason leads to what can be looked at next") {
    const std::string url = "https://loki.example.com:3100/loki/api/v1/push";
    const auto command = [&](const char* trouble) { return advice_for(trouble, url).command; };
    const std::string ready = "curl -sS 'https://loki.example.com:3100/ready'";
    CHECK(command("Loki answers 401: no such token").starts_with("pawsctl config show"));
    CHECK(command("Loki answers 404: page not found") == ready);
    CHECK(command("Loki answers 503") == ready);
    CHECK(command("loki.example.com:3100: Connection refused") == ready);
    CHECK(command("loki.example.com:3100: not done within 10s") == ready);
    CHECK(command("loki.example.com:3100: its certificate is refused: expired") == ready);
    CHECK(command("loki.example.com:3100: Host not found (authoritative)") ==
          "getent hosts 'loki.example.com'");
    CHECK(command("Loki answers 429: ingestion rate limit exceeded").empty());
    CHECK(advice_for("Loki answers 429", url).words.find("limits_config") != std::string::npos);
    CHECK(advice_for("Loki answers 400: stream has too many labels", url).words.find("labels") !=
          std::string::npos);
}

TEST_CASE("log_state: what Loki says decides nothing when its status does") {
    CHECK(advice_for("Loki answers 401: certificate of TLS", "x").words.find("credentials") !=
          std::string::npos);
}

TEST_CASE("log_state: a command that is to be copied holds no other") {
    CHECK(shell_quoted("a'; rm -rf /; '") == R"('a'\''; rm -rf /; '\''')");
    CHECK(advice_for("Loki answers 500", "http://x/'$(y)'").command ==
          R"(curl -sS 'http://x/'\''$(y)'\''/ready')");
    CHECK(advice_for("a: Host not found", "http://[::1]:3100").command == "getent hosts '::1'");
}
