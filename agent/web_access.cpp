#include "agent/web_access.h"

#include "core/utc.h"
#include "exporter/listen_address.h"
#include "platform/denied.h"
#include "platform/secret_file.h"
#include "platform/straggler.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

namespace paws::agent {

namespace {

using Identity = std::shared_ptr<const platform::TlsIdentity>;
constexpr auto next_command = "paws-agent --check-config says whether a restart would do";
constexpr std::chrono::seconds longest_first_look{5};  // of files that nothing was read of before

using SharedTokens = std::shared_ptr<const exporter::Tokens>;

WebFault blame(std::string_view key, const std::string& file, const Error& error) {
    const bool unreadable = error.code == Errc::denied && error.what.ends_with("Permission denied");
    return {.key = key, .what = error.what + (unreadable ? platform::way_to_read(file) : "")};
}

std::optional<WebFault> fill(platform::TlsIdentity& identity, const WebSection& web) {
    if (const auto done = identity.use_certificate(web.tls_cert); !done) {
        return blame("tls_cert", web.tls_cert, done.error());
    }
    if (const auto done = identity.use_key(web.tls_key); !done) {
        return blame("tls_key", web.tls_key, done.error());
    }
    if (web.client_ca.empty()) {
        return std::nullopt;
    }
    const auto done = identity.trust_clients_of(web.client_ca);
    return done ? std::nullopt : std::optional{blame("client_ca", web.client_ca, done.error())};
}

Result<Identity> make_identity(const WebSection& web) {
    auto identity = std::make_shared<platform::TlsIdentity>();
    if (const auto fault = fill(*identity, web)) {
        return Error{Errc::malformed, fault->what};
    }
    return Identity{std::move(identity)};
}

Result<SharedTokens> make_tokens(const std::string& file) {
    const auto text = platform::read_secrets(file);
    if (!text) {
        return Error{text.error().code, blame("token_file", file, text.error()).what};
    }
    auto tokens = exporter::Tokens::parse(*text);
    if (!tokens) {
        return Error{tokens.error().code, file + ": " + tokens.error().what};
    }
    return SharedTokens{std::make_shared<const exporter::Tokens>(*std::move(tokens))};
}

std::vector<std::string> tls_files(const WebSection& web) {
    std::vector<std::string> files{web.tls_cert, web.tls_key, web.client_ca};
    std::erase(files, "");
    return files;
}

std::optional<WebFault> fault_of_tls(const WebSection& web) {
    platform::TlsIdentity identity;
    return fill(identity, web);
}

std::optional<WebFault> fault_of_tokens(const WebSection& web) {
    const auto tokens = make_tokens(web.token_file);
    return tokens ? std::nullopt
                  : std::optional{WebFault{.key = "token_file", .what = tokens.error().what}};
}

// A dead mount says neither yes nor no, and who starts or reloads must go on.
std::optional<WebFault> look(std::string_view key,
                             const std::string& file,
                             std::function<std::optional<WebFault>()> judge) {
    platform::Straggler<std::optional<WebFault>> look{
        "web-files", [judge = std::move(judge)] { return Result{judge()}; }};
    const auto fault = look.ask(platform::deadline_in(longest_first_look));
    return fault ? *fault
                 : WebFault{.key = key,
                            .what = file + ": does not answer, its file system hangs; run: findmnt",
                            .code = Errc::timeout};
}

std::optional<WebFault> fault_of_files(const WebSection& web) {
    auto fault = web.tls_cert.empty()
                     ? std::nullopt
                     : look("tls_cert", web.tls_cert, [web] { return fault_of_tls(web); });
    if (!fault && !web.token_file.empty()) {
        fault = look("token_file", web.token_file, [web] { return fault_of_tokens(web); });
    }
    return fault;
}

}  // namespace

std::optional<WebFault> fault_of_files(const WebSection& web, std::chrono::milliseconds patience) {
    static constexpr std::chrono::milliseconds pause{100};
    const auto last = platform::deadline_in(patience - pause);
    auto fault = fault_of_files(web);
    while (fault && std::chrono::steady_clock::now() <= last) {
        std::this_thread::sleep_for(pause);
        fault = fault_of_files(web);
    }
    return fault;
}

WebAccess::WebAccess(const WebSection& web, Clock clock, Log& log)
    : clock_{std::move(clock)},
      log_{log},
      locks_{.certificate = !web.client_ca.empty(), .token = !web.token_file.empty()} {
    if (!web.tls_cert.empty()) {
        tls_.emplace(Renewed<platform::TlsIdentity>::House{
            .name = "web-tls",
            .files = tls_files(web),
            .make = [web] { return make_identity(web); },
            .tell = [this](const Result<Identity>& made) { tell(made); }});
    }
    if (!web.token_file.empty()) {
        tokens_.emplace(Renewed<exporter::Tokens>::House{
            .name = "web-tokens",
            .files = {web.token_file},
            .make = [file = web.token_file] { return make_tokens(file); },
            .tell = [this](const Result<SharedTokens>& made) { tell(made); }});
    }
}

Result<void> WebAccess::begin() {
    if (auto begun = tls_ ? tls_->begin(longest_first_look) : Result<void>{}; !begun) {
        return begun;
    }
    if (tls_) {
        warn_of_end(*tls_->current(clock_().boot));
    }
    return tokens_ ? tokens_->begin(longest_first_look) : Result<void>{};
}

exporter::TlsContext WebAccess::identity() {
    return tls_ ? tls_->current(clock_().boot)->context() : nullptr;
}

SharedTokens WebAccess::tokens() {
    return tokens_ ? tokens_->current(clock_().boot) : nullptr;
}

void WebAccess::note(const exporter::HandshakeRefusal& refusal) {
    static constexpr std::chrono::minutes rest{1};
    const auto fault = static_cast<std::size_t>(refusal.fault);
    const auto now = clock_().boot;
    const std::lock_guard lock{refusals_mutex_};
    ++refusals_[fault];
    if (auto& logged = logged_[fault]; !logged || now - *logged >= rest) {
        logged = now;
        log_.warning("web: a TLS client is refused",
                     {{"peer", refusal.peer},
                      {"fault", std::string{exporter::handshake_faults[fault]}},
                      {"reason", refusal.why},
                      {"so_far", std::to_string(refusals_[fault])}});
    }
}

std::optional<exporter::HandshakeCounts> WebAccess::handshakes_refused() {
    const std::lock_guard lock{refusals_mutex_};
    return tls_ ? std::optional{refusals_} : std::nullopt;
}

exporter::WebFiles WebAccess::describe() {
    const auto now = clock_().boot;
    exporter::WebFiles files;
    if (tls_) {
        files.certificate_expires = tls_->current(now)->expires();
        files.tls_good = tls_->good(now);
    }
    if (tokens_) {
        files.tokens_good = tokens_->good(now);
    }
    return files;
}

void WebAccess::tell(const Result<Identity>& made) {
    if (!made) {
        log_.error(
            made.error().code == Errc::timeout
                ? "web: certificate, key and authorities do not answer, what was read before "
                  "stays in force"
                : "web: changed files are refused, the certificate before stays in force",
            {{"reason", made.error().what}, {"next", next_command}});
        return;
    }
    log_.info("web: certificate, key and authorities read anew",
              {{"expires", utc_text((*made)->expires(), "YYYY-MM-DD hh:mm:ssZ")}});
    warn_of_end(**made);
}

void WebAccess::tell(const Result<SharedTokens>& made) {
    if (made) {
        log_.info("web: tokens read anew");
    } else {
        log_.error(made.error().code == Errc::timeout
                       ? "web: the file of the tokens does not answer, those before stay in force"
                       : "web: the changed tokens are refused, those before stay in force",
                   {{"reason", made.error().what}, {"next", next_command}});
    }
}

void WebAccess::warn_of_end(const platform::TlsIdentity& identity) {
    if (identity.expires() <= clock_().wall) {
        log_.warning("web: the certificate has expired, clients will refuse it",
                     {{"expired", utc_text(identity.expires(), "YYYY-MM-DD hh:mm:ssZ")}});
    }
}

std::optional<std::string> open_to_listeners(const WebSection& web) {
    if (web.token_file.empty() || !web.tls_cert.empty()) {
        return std::nullopt;
    }
    const auto found = std::ranges::find_if(web.listen, [](const std::string& text) {
        const auto address = exporter::parse_listen_address(text);
        return address && exporter::leaves_the_host(*address);
    });
    return found == web.listen.end() ? std::nullopt : std::optional{*found};
}

}  // namespace paws::agent
