#include "pawsctl/journal_storage.h"

#include "core/text.h"

#include <array>
#include <map>
#include <string_view>

namespace paws::pawsctl {

namespace {

using platform::RootFs;

constexpr std::size_t small_file = std::size_t{64} << 10U;
constexpr std::size_t most_drop_ins = 100;
// The first that has a name has it for all (systemd.unit(5) has the same order).
constexpr std::array places{
    "etc/systemd/", "run/systemd/", "usr/local/lib/systemd/", "usr/lib/systemd/"};

void take_storage(const RootFs& host, const std::string& file, JournalStorage& storage) {
    const auto text = host.read(file, small_file);
    std::string_view rest = text ? std::string_view{*text} : std::string_view{};
    while (!rest.empty()) {
        auto value = trim(take_until(rest, '\n'));
        if (trim(take_until(value, '=')) == "Storage") {
            storage = {.word = std::string{trim(value)}, .file = "/" + file};
        }
    }
}

std::map<std::string, std::string> drop_ins(const RootFs& host) {
    std::map<std::string, std::string> files;
    for (const std::string place : places) {
        const auto folder = place + "journald.conf.d/";
        const auto names = host.list(folder, most_drop_ins);
        for (const auto& name : names ? *names : std::vector<std::string>{}) {
            if (name.ends_with(".conf")) {
                files.emplace(name, folder + name);
            }
        }
    }
    return files;
}

}  // namespace

JournalStorage journal_storage(const RootFs& host) {
    JournalStorage storage;
    for (const std::string place : places) {
        if (host.read(place + "journald.conf", small_file)) {
            take_storage(host, place + "journald.conf", storage);
            break;
        }
    }
    for (const auto& [name, file] : drop_ins(host)) {
        take_storage(host, file, storage);
    }
    return storage;
}

}  // namespace paws::pawsctl
