// TlsContext: whom we trust and who we are, by PEM files. It is made anew when one of them has
// changed; what it says of them names the file and never what stands in it.

#pragma once

#include "core/result.h"
#include "platform/file_version.h"

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

namespace paws::platform {

struct TlsFiles {
    std::string ca;    // empty: the system's authorities
    std::string cert;  // empty: we show none
    std::string key;   // a secret (platform/secret_file.h)
};

class TlsContext {
public:
    explicit TlsContext(TlsFiles files) : files_{std::move(files)} {}

    // By the files as they are now: TLS 1.2 at least, and the other side must show a certificate.
    // Good until the next call; a connection that was begun with it keeps what it needs.
    Result<boost::asio::ssl::context*> current();

private:
    using Context = std::unique_ptr<boost::asio::ssl::context>;

    Result<std::vector<FileVersion>> versions() const;
    Result<Context> make() const;
    Result<void> trust(boost::asio::ssl::context& context) const;
    Result<void> introduce(boost::asio::ssl::context& context) const;

    TlsFiles files_;
    Context context_;
    std::vector<FileVersion> made_of_;
};

}  // namespace paws::platform
