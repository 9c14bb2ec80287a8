#include "agent/config_checks.h"

#include "core/duration.h"
#include "core/text.h"
#include "forwarder/loki_client.h"
#include "forwarder/redaction_marks.h"
#include "platform/http_message.h"
#include "platform/unix_socket.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <arpa/inet.h>

namespace paws::agent {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool only(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [&](char c) {
        return letters_and_digits.find(c) != std::string_view::npos ||
               more.find(c) != std::string_view::npos;
    });
}

std::string must_last(std::chrono::nanoseconds span,
                      std::chrono::nanoseconds shortest,
                      std::chrono::nanoseconds longest) {
    return span >= shortest && span <= longest
               ? ""
               : "must be from " + duration_text(shortest) + " to " + duration_text(longest);
}

std::string but_is(std::string_view demand, std::string_view value) {
    return std::string{demand} + ", not '" + printable(value) + "'";
}

bool is_plain(std::string_view text) {
    return printable(text, text.size()) == text;
}

bool is_port(std::string_view text) {
    const auto port = parse_integer<std::uint16_t>(text);
    return port && *port != 0;
}

bool is_address(int family, std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return ::inet_pton(family, std::string{text}.c_str(), address.data()) == 1;
}

bool is_host(std::string_view host) {
    if (host.empty()) {
        return true;
    }
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        return is_address(AF_INET6, host.substr(1, host.size() - 2));
    }
    return is_address(AF_INET, host);
}

}  // namespace

std::string check_path(const std::string& path) {
    if (!path.starts_with('/') || !is_plain(path)) {
        return but_is("must be an absolute path", path);
    }
    return path.size() > 4000 ? "is too long for a path" : "";
}

std::string check_path_or_empty(const std::string& path) {
    return path.empty() ? "" : check_path(path);
}

std::string check_runtime_dir(const std::string& path) {
    static constexpr std::string_view longest_name = "/control.sock.new";
    if (path.size() + longest_name.size() > platform::longest_socket_path) {
        return "is too long: a socket in it must have a path of at most 107 bytes";
    }
    return check_path(path);
}

std::string check_environment(const std::string& name) {
    const bool good = !name.empty() && name.size() <= 64 && only(name, "._-");
    return good ? "" : but_is("must be 1 to 64 letters, digits, '.', '_' or '-'", name);
}

std::string check_listen(const std::string& address) {
    static constexpr std::string_view unix_prefix = "unix:";
    static constexpr std::size_t web_path_limit =
        platform::longest_socket_path - 1;  // civetweb adds a byte
    const bool is_path = address.starts_with("unix:/");
    if (is_path && address.size() - unix_prefix.size() > web_path_limit) {
        return "is too long: a socket's path has at most 106 bytes here";
    }
    if (is_path && address.find(',') != std::string::npos) {
        return "may not have a comma in its path";
    }
    const auto colon = address.rfind(':');
    const bool good = is_path ? is_plain(address)
                              : colon != std::string::npos &&
                                    is_port(std::string_view{address}.substr(colon + 1)) &&
                                    is_host(std::string_view{address}.substr(0, colon));
    return good ? ""
                : but_is(R"(must be ":7297", "127.0.0.1:7297", "[::1]:7297" or "unix:/path")",
                         address);
}

std::string check_journal_namespace(const std::string& name) {
    const bool good = name.size() <= 128 && only(name, "._-:@\\");
    return good ? "" : but_is("must be the name of a journal namespace", name);
}

std::string check_runner_name(const std::string& name) {
    const bool good = !name.empty() && name.size() <= 255 && is_plain(name) &&
                      name.find('/') == std::string::npos;
    return good ? "" : but_is("must be 1 to 255 printable characters without '/'", name);
}

std::string check_unit_or_empty(const std::string& unit) {
    const bool good = unit.empty() || (unit.size() <= 255 && unit.ends_with(".service") &&
                                       is_plain(unit) && unit.find('/') == std::string::npos);
    return good ? "" : but_is("must be the name of a .service unit", unit);
}

std::string check_word(const std::string& word) {
    const bool good = !word.empty() && word.size() <= 64 && only(word, "._-");
    return good ? "" : but_is("must be 1 to 64 letters, digits, '.', '_' or '-'", word);
}

// A token goes there: never in the clear, never by a query.
std::string check_api_url(const std::string& url) {
    const auto parsed = platform::parse_http_url(url);
    const bool good = parsed && parsed->secure && parsed->target.find('?') == std::string::npos;
    return good ? "" : but_is("must be an https:// URL without a query", url);
}

std::string check_app_id_or_empty(const std::string& id) {
    const bool good = id.size() <= 64 && only(id, ".");
    return good ? "" : but_is("must be the number or the client id of an App", id);
}

std::string check_number_or_empty(const std::string& number) {
    return number.empty() || parse_integer<std::uint64_t>(number)
               ? ""
               : but_is("must be a number in quotes", number);
}

std::string check_proxy_or_empty(const std::string& proxy) {
    const auto parsed = platform::parse_http_url("http://" + proxy);
    const bool good = proxy.empty() || (parsed && parsed->target == "/" &&
                                        proxy == platform::authority(parsed->host, parsed->port));
    return good ? "" : but_is("must be \"host:port\"", proxy);
}

// Older than 150 s the answers are no longer shown as current (core/snapshot.h).
std::string check_api_interval(const std::chrono::nanoseconds& interval) {
    return must_last(interval, 1s, 2min);
}

std::string check_keep(const std::chrono::nanoseconds& span) {
    return span >= 24h ? "" : "must be at least 1d";
}

std::string check_loki_url_or_empty(const std::string& url) {
    const bool good = url.empty() || forwarder::loki_base(url).has_value();
    return good ? "" : but_is("must be the http:// or https:// URL of a Loki without a query", url);
}

std::string check_header_word(const std::string& word) {
    const bool good = word.size() <= 256 && is_plain(word) && word.find(':') == std::string::npos;
    return good ? "" : but_is("must be at most 256 printable characters without ':'", word);
}

std::string check_unit_pattern(const std::string& pattern) {
    const bool good = !pattern.empty() && pattern.size() <= 255 && is_plain(pattern) &&
                      pattern.find('/') == std::string::npos &&
                      pattern.find_first_of(".*") != std::string::npos;
    return good
               ? ""
               : but_is(R"(must be a unit such as "nginx.service" or "actions.runner.*")", pattern);
}

std::string check_identifier(const std::string& identifier) {
    const bool good = !identifier.empty() && identifier.size() <= 128 && is_plain(identifier);
    return good ? "" : but_is("must be 1 to 128 printable characters", identifier);
}

// Those that the agent sets itself are no one else's.
std::string check_label(const std::string& name, const std::string& value) {
    static constexpr std::array<std::string_view, 6> own{
        "job", "host", "environment", "unit", "runner", "level"};
    if (std::ranges::find(own, name) != own.end()) {
        return "is set by the agent";
    }
    const bool good_name = !name.empty() && name.size() <= 64 && only(name, "_") &&
                           (name[0] < '0' || name[0] > '9') && !name.starts_with("__");
    if (!good_name) {
        return "is not the name of a label: letters, digits and '_'";
    }
    const bool good = !value.empty() && value.size() <= 256 && is_plain(value);
    return good ? "" : but_is("must be 1 to 256 printable characters", value);
}

std::string check_rule_name(const std::string& name) {
    return forwarder::is_rule_name(name)
               ? ""
               : but_is("must be 1 to 40 small letters, digits or '_', a letter first", name);
}

// Loki takes at most 4 MiB at once by default (server.grpc_server_max_recv_msg_size).
std::string check_batch_bytes(const std::uint64_t& bytes) {
    return bytes >= (16U << 10U) && bytes <= (3U << 20U) ? "" : "must be from 16384 to 3145728";
}

std::string check_batch_lines(const std::uint64_t& lines) {
    return lines >= 1 && lines <= 100'000 ? "" : "must be from 1 to 100000";
}

std::string check_batch_wait(const std::chrono::nanoseconds& wait) {
    return must_last(wait, 10ms, 1min);
}

std::string check_push_timeout(const std::chrono::nanoseconds& timeout) {
    return must_last(timeout, 100ms, 5min);
}

std::string check_deadline(const std::chrono::nanoseconds& deadline) {
    return must_last(deadline, 10ms, 10s);
}

}  // namespace paws::agent
