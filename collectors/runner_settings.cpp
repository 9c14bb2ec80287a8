#include "collectors/runner_settings.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json.hpp>

namespace paws::collectors {

namespace {

namespace json = boost::json;

std::optional<std::uint64_t> to_number(const json::value& value) {
    if (const auto* text = value.if_string()) {
        return parse_integer<std::uint64_t>(trim({text->data(), text->size()}));
    }
    boost::system::error_code problem;
    const auto number = value.to_number<std::uint64_t>(problem);
    return problem ? std::nullopt : std::optional{number};
}

std::string to_text(const json::value& value) {
    if (const auto* text = value.if_string()) {
        return printable({text->data(), text->size()});
    }
    return value.is_number() || value.is_bool() ? printable(json::serialize(value)) : "";
}

bool to_flag(const json::value& value) {
    if (const auto* flag = value.if_bool()) {
        return *flag;
    }
    const auto text = lower_case(to_text(value));
    return text == "true" || text == "1";
}

struct TextKey {
    std::string_view key;
    std::string RunnerSettings::*field;
};
constexpr std::array text_keys{
    TextKey{"agentname", &RunnerSettings::agent_name},
    TextKey{"poolname", &RunnerSettings::pool_name},
    TextKey{"githuburl", &RunnerSettings::github_url},
    TextKey{"serverurl", &RunnerSettings::server_url},
    TextKey{"serverurlv2", &RunnerSettings::server_url_v2},
    TextKey{"workfolder", &RunnerSettings::work_folder},
};

struct FlagKey {
    std::string_view key;
    bool RunnerSettings::*field;
};
constexpr std::array flag_keys{
    FlagKey{"ephemeral", &RunnerSettings::ephemeral},
    FlagKey{"disableupdate", &RunnerSettings::disable_update},
    FlagKey{"usev2flow", &RunnerSettings::use_v2_flow},
};

void fill(RunnerSettings& settings, std::string_view key, const json::value& value) {
    if (key == "agentid") {
        settings.agent_id = to_number(value);
        return;
    }
    if (const auto text = std::ranges::find(text_keys, key, &TextKey::key);
        text != text_keys.end()) {
        settings.*text->field = to_text(value);
        return;
    }
    if (const auto flag = std::ranges::find(flag_keys, key, &FlagKey::key);
        flag != flag_keys.end()) {
        settings.*flag->field = to_flag(value);
    }
}

}  // namespace

Result<RunnerSettings> parse_runner_settings(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    json::parse_options options;
    options.max_depth = 8;
    boost::system::error_code problem;
    const auto parsed = json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem) {
        return Error{Errc::malformed, "is not JSON: " + problem.message()};
    }
    const auto* object = parsed.if_object();
    if (object == nullptr) {
        return Error{Errc::malformed, "is not a JSON object"};
    }
    RunnerSettings settings;
    for (const auto& [key, value] : *object) {
        fill(settings, lower_case({key.data(), key.size()}), value);
    }
    return settings;
}

std::optional<Endpoint> parse_endpoint(std::string_view url) {
    const bool secure = lower_case(url.substr(0, 8)) == "https://";
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
    }
    url = url.substr(0, url.find_first_of("/?#"));
    if (const auto at = url.rfind('@'); at != std::string_view::npos) {
        url.remove_prefix(at + 1);
    }
    const auto colon = url.rfind(':');
    const auto bracket = url.rfind(']');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
    auto host = has_port ? url.substr(0, colon) : url;
    const auto port = has_port ? parse_integer<std::uint16_t>(url.substr(colon + 1))
                               : std::optional<std::uint16_t>{secure ? 443 : 80};
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || !port || *port == 0) {
        return std::nullopt;
    }
    return Endpoint{.host = printable(host), .port = *port};
}

// The runner asks https_proxy first and HTTPS_PROXY second, and the last line of a key counts.
std::string parse_proxy(std::string_view dot_env) {
    std::string_view small;
    std::string_view capital;
    while (!dot_env.empty()) {
        auto line = trim(take_until(dot_env, '\n'));
        const auto key = take_until(line, '=');
        if (key == "https_proxy") {
            small = line;
        } else if (key == "HTTPS_PROXY") {
            capital = line;
        }
    }
    const auto proxy = parse_endpoint(small.empty() ? capital : small);
    if (!proxy) {
        return {};
    }
    const bool bracketed = proxy->host.find(':') != std::string::npos;
    const auto host = bracketed ? "[" + proxy->host + "]" : proxy->host;
    return host + ":" + std::to_string(proxy->port);
}

std::string version_of_link(std::string_view target) {
    const auto name = target.substr(target.rfind('/') + 1);  // npos + 1 is the beginning
    if (!name.starts_with("bin.")) {
        return {};
    }
    const auto version = name.substr(4);
    const auto plain = [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '.' || letter == '-';
    };
    const bool good = !version.empty() && version.size() <= 32 && version.front() != '.' &&
                      std::ranges::all_of(version, plain);
    return good ? std::string{version} : std::string{};
}

}  // namespace paws::collectors
