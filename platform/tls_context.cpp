#include "platform/tls_context.h"

#include "core/text.h"
#include "platform/secret_file.h"

#include <cstddef>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <openssl/ssl.h>

namespace paws::platform {

namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

constexpr auto trusted = "certificates to trust: ";

Result<void> outcome(const error_code& problem, const std::string& subject) {
    return problem
               ? Result<void>{Error{Errc::malformed, subject + ": " + printable(problem.message())}}
               : Result<void>{};
}

}  // namespace

Result<ssl::context*> TlsContext::current() {
    // Asked before the files are read: what changes meanwhile is seen the next time.
    auto now = versions();
    if (!now) {
        return now.error();
    }
    if (!context_ || *now != made_of_) {
        auto made = make();
        if (!made) {
            return made.error();
        }
        context_ = *std::move(made);
        made_of_ = *std::move(now);
    }
    return context_.get();
}

Result<std::vector<FileVersion>> TlsContext::versions() const {
    std::vector<FileVersion> versions;
    for (const auto* path : {&files_.ca, &files_.cert, &files_.key}) {
        if (path->empty()) {
            continue;
        }
        const auto version = file_version(*path);
        if (!version) {
            return path == &files_.ca ? Error{version.error().code, trusted + version.error().what}
                                      : version.error();
        }
        versions.push_back(*version);
    }
    return versions;
}

Result<TlsContext::Context> TlsContext::make() const {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(ssl::verify_peer);
    if (const auto done = trust(*context); !done) {
        return done.error();
    }
    if (const auto done = introduce(*context); !done) {
        return done.error();
    }
    return context;
}

Result<void> TlsContext::trust(ssl::context& context) const {
    error_code problem;
    if (files_.ca.empty()) {
        context.set_default_verify_paths(problem);
        return outcome(problem, "certificates to trust");
    }
    context.load_verify_file(files_.ca, problem);
    return outcome(problem, trusted + files_.ca);
}

Result<void> TlsContext::introduce(ssl::context& context) const {
    if (files_.cert.empty() && files_.key.empty()) {
        return {};
    }
    if (files_.cert.empty() || files_.key.empty()) {
        return Error{Errc::malformed,
                     files_.cert + files_.key + ": a certificate and its key go together"};
    }
    const auto key = read_secret(files_.key);
    if (!key) {
        return key.error();
    }
    error_code problem;
    context.use_certificate_chain_file(files_.cert, problem);
    if (problem) {
        return outcome(problem, files_.cert);
    }
    // Else OpenSSL would ask for a passphrase at the terminal.
    context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; });
    context.use_private_key(asio::buffer(*key), ssl::context::pem, problem);
    return outcome(problem, files_.key);
}

}  // namespace paws::platform
