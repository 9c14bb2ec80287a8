#include "pawsctl/log_state.h"

#include "core/text.h"
#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/shell_word.h"

#include <algorithm>
#include <array>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

enum class Cause {
    credentials,
    url,
    rate,
    server,
    refused,
    certificate,
    name,
    network,
    file,
    other
};

struct Sign {
    std::string_view words;
    Cause cause;
};
// The first that is found counts (forwarder/verdict.cpp, platform/http_way.cpp, secret_file.cpp).
constexpr std::array signs{
    Sign{"Loki answers 401", Cause::credentials},
    Sign{"Loki answers 403", Cause::credentials},
    Sign{"Loki answers 407", Cause::credentials},
    Sign{"Loki answers 429", Cause::rate},
    Sign{"Loki answers 408", Cause::server},
    Sign{"Loki answers 425", Cause::server},
    Sign{"Loki answers 5", Cause::server},
    Sign{"Loki answers 400", Cause::refused},
    Sign{"Loki answers 413", Cause::refused},
    Sign{"Loki answers 422", Cause::refused},
    Sign{"Loki answers ", Cause::url},
    Sign{"; run: ", Cause::file},
    Sign{"certificate", Cause::certificate},
    Sign{"TLS", Cause::certificate},
    Sign{"SSL", Cause::certificate},
    Sign{"ost not found", Cause::name},
    Sign{"onnection ", Cause::network},  // refused, reset, closed
    Sign{"not done within", Cause::network},
    Sign{"unreachable", Cause::network},
    Sign{"o route to host", Cause::network},
};

Cause cause_of(std::string_view trouble) {
    const auto* found = std::ranges::find_if(signs, [&](const Sign& sign) {
        return trouble.find(sign.words) != std::string_view::npos;
    });
    return found == signs.end() ? Cause::other : found->cause;
}

// "https://loki:3100/loki" -> "loki"
std::string host_of(std::string_view url) {
    const auto scheme = url.find("://");
    auto rest = url.substr(scheme == std::string_view::npos ? 0 : scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    if (rest.starts_with('[')) {
        return std::string{rest.substr(1, rest.find(']') - 1)};
    }
    return std::string{rest.substr(0, rest.find(':'))};
}

// Where the base was given as the whole address of a push.
std::string ready_of(std::string_view url) {
    const auto push = url.find("/loki/api/v1/push");
    auto base = url.substr(0, push);
    while (base.ends_with('/')) {
        base.remove_suffix(1);
    }
    return std::string{base} + "/ready";
}

bool any_trouble(const Object& logs) {
    return std::ranges::any_of(std::array{"trouble", "journal_trouble", "traces_trouble"},
                               [&](const char* key) { return !text(logs, key).empty(); });
}

}  // namespace

Verdict logs_verdict(const Object& logs) {
    if (!flag(logs, "configured").value_or(true)) {
        return Verdict::well;
    }
    const auto state = text(logs, "state");
    if (state == "shipping") {
        const bool late = number(logs, "lag_seconds").value_or(0) > late_seconds;
        return late || any_trouble(logs) ? Verdict::degraded : Verdict::well;
    }
    return state == "retrying" ? Verdict::degraded
           : state == "paused" ? Verdict::failed
                               : Verdict::unknown;
}

std::string lag_words(std::optional<double> seconds) {
    if (!seconds) {
        return "how far behind is " + std::string{not_known};
    }
    if (*seconds <= 0) {
        return "nothing waits";
    }
    return (*seconds < 9.95 ? decimal(*seconds, 1) + " s" : age(*seconds)) + " behind";
}

std::string state_words(const Object& logs) {
    const auto state = text(logs, "state");
    if (state == "shipping" || state == "retrying" || state == "paused") {
        return state + ", " + lag_words(number(logs, "lag_seconds"));
    }
    return state.empty() ? "unknown" : state;
}

Advice advice_for(std::string_view trouble, const std::string& url) {
    const auto ask = "curl -sS " + shell_quoted(ready_of(url));
    switch (cause_of(trouble)) {
        case Cause::credentials:
            return {
                "Loki, or a proxy before it, refuses the credentials: [logs] token_file, or "
                "user and password_file, or tenant",
                "pawsctl config show | grep -A 12 '^\\[logs\\]'"};
        case Cause::url:
            return {
                "this address leads to no Loki: [logs] loki_url is its base, without "
                "/loki/api/v1/push",
                ask};
        case Cause::rate:
            return {
                "Loki limits how much it takes: ingestion_rate_mb and "
                "per_stream_rate_limit in its limits_config; until then lines wait here",
                ""};
        case Cause::server:
            return {"Loki itself, or the proxy before it, is in trouble: see its own logs", ask};
        case Cause::refused:
            return {
                "Loki understands and refuses it: see its limits_config (labels, sizes, age, "
                "structured metadata)",
                ""};
        case Cause::certificate:
            return {"TLS: [logs] ca_file, the name in the certificate, this host's clock", ask};
        case Cause::name:
            return {"the name is not resolved: DNS, or a slip in [logs] loki_url",
                    "getent hosts " + shell_quoted(host_of(url))};
        case Cause::network:
            return {"the network: whether Loki runs, a firewall, [logs] proxy", ask};
        case Cause::file:
            return {};  // it says itself what mends it
        case Cause::other:
            return {"what [logs] says", "pawsctl config show | grep -A 12 '^\\[logs\\]'"};
    }
    return {};
}

}  // namespace paws::pawsctl
