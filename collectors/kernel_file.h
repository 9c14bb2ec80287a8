// KernelFile: the collector of one fact that one small file of the kernel tells.

#pragma once

#include "collectors/collector.h"
#include "platform/root_fs.h"

#include <string>
#include <string_view>
#include <utility>

namespace paws::collectors {

// Whether every kernel has the file and what we look for in it.
enum class Presence { required, optional };

// The file's name put before what its parser says.
inline Error in_file(const platform::RootFs& root, std::string_view path, Error error) {
    const auto slash = root.path().ends_with('/') ? "" : "/";
    error.what = root.path() + slash + std::string{path} + ": " + error.what;
    return error;
}

template <class T>
class KernelFile final : public Collector {
public:
    struct Source {
        std::string_view name;
        std::string_view path;
        Result<T> (*parse)(std::string_view text);
        Sourced<T> Host::*fact;
        Presence presence = Presence::required;
    };

    KernelFile(platform::RootFs root, const Source& source)
        : root_{std::move(root)}, source_{source} {}

    std::string_view name() const override { return source_.name; }

    Result<Fill> collect(const Facts& /*seen*/, const Now& now) override {
        auto value = read();
        if (!value && value.error().code == Errc::absent) {
            return not_there(value.error());
        }
        if (!value) {
            return value.error();
        }
        return Fill{[fact = source_.fact, value = *std::move(value), now](Facts& draft) mutable {
            draft.host.*fact = {std::move(value), now};
        }};
    }

private:
    Result<T> read() const {
        const auto text = root_.read(source_.path);
        if (!text) {
            return text.error();
        }
        auto value = source_.parse(*text);
        return value ? std::move(value) : in_file(root_, source_.path, value.error());
    }

    Result<Fill> not_there(Error error) const {
        if (source_.presence == Presence::optional) {
            return Fill{[](Facts&) {}};
        }
        error.code = Errc::unavailable;
        return error;
    }

    platform::RootFs root_;
    Source source_;
};

}  // namespace paws::collectors
