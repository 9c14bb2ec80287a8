#include "collectors/sockets.h"

#include "collectors/runner_settings.h"

#include <algorithm>
#include <array>
#include <optional>

namespace paws::collectors {

namespace {

using platform::TcpConnection;

constexpr std::uint16_t https = 443;

bool is_address(std::string_view host) {
    return host.find(':') != std::string_view::npos ||
           host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// A name is not resolved here: its port has to do, and "localhost" never leaves the host.
bool is_proxy(const TcpConnection& connection, const std::string& proxy) {
    const auto endpoint = parse_endpoint(proxy);
    if (proxy.empty() || !endpoint || endpoint->port != connection.remote_port) {
        return false;
    }
    if (endpoint->host == "localhost") {
        return connection.loopback;
    }
    return !is_address(endpoint->host) || endpoint->host == connection.remote;
}

bool is_server_port(std::uint16_t port, const RunnerSettings& settings) {
    const std::array urls{settings.github_url, settings.server_url, settings.server_url_v2};
    return std::ranges::any_of(urls, [&](const std::string& url) {
        const auto endpoint = parse_endpoint(url);
        return endpoint && endpoint->port == port;
    });
}

Sockets count(const std::vector<TcpConnection>& connections,
              const std::vector<std::uint64_t>& cgroups,
              const RunnerFiles* files) {
    Sockets sockets;
    for (const auto& connection : connections) {
        if (!std::ranges::binary_search(cgroups, connection.cgroup) ||
            !leads_to_github(connection, files)) {
            continue;
        }
        ++sockets.established;
        if (const auto age = connection.last_received_seconds) {
            sockets.last_received_seconds =
                std::min(*age, sockets.last_received_seconds.value_or(*age));
        }
    }
    return sockets;
}

using Found = std::vector<std::pair<std::string, std::optional<Sockets>>>;

void hand_over(const Found& found, Facts& draft, const Now& now) {
    for (const auto& [name, sockets] : found) {
        if (auto* runner = find_runner(draft, name)) {
            runner->sockets = {.value = sockets, .taken = now};
        }
    }
}

}  // namespace

bool leads_to_github(const TcpConnection& connection, const RunnerFiles* files) {
    if (files != nullptr && is_proxy(connection, files->proxy)) {
        return true;
    }
    if (connection.loopback) {
        return false;
    }
    return connection.remote_port == https ||
           (files != nullptr && files->settings &&
            is_server_port(connection.remote_port, *files->settings));
}

std::vector<SocketsCollector::Subject> SocketsCollector::subjects(const Facts& seen) const {
    std::vector<Subject> subjects;
    for (const auto& runner : seen.runners) {
        if (!runner.unit_state.value) {
            continue;
        }
        auto& subject = subjects.emplace_back();
        subject.runner = &runner;
        const auto groups = hierarchy_.subtree(runner.unit_state.value->control_group);
        if (groups) {
            for (const auto& group : *groups) {
                subject.cgroups.push_back(group.id);
            }
            std::ranges::sort(subject.cgroups);
        }
    }
    return subjects;
}

Result<Fill> SocketsCollector::collect(const Facts& seen, const Now& now) {
    const auto all = subjects(seen);
    std::vector<std::uint64_t> cgroups;
    for (const auto& subject : all) {
        cgroups.insert(cgroups.end(), subject.cgroups.begin(), subject.cgroups.end());
    }
    const auto connections = cgroups.empty()
                                 ? Result<std::vector<TcpConnection>>{std::vector<TcpConnection>{}}
                                 : dump_(cgroups);
    if (!connections && connections.error().code != Errc::absent) {
        return connections.error();
    }
    Found found;
    for (const auto& subject : all) {
        const auto& files = subject.runner->files.value;
        auto sockets =
            connections && !subject.cgroups.empty()
                ? std::optional{count(*connections, subject.cgroups, files ? &*files : nullptr)}
                : std::nullopt;
        found.emplace_back(subject.runner->name, sockets);
    }
    return Fill{[found = std::move(found), now](Facts& draft) { hand_over(found, draft, now); }};
}

}  // namespace paws::collectors
