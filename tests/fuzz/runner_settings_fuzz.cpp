#include "collectors/runner_settings.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;

// `.runner`, `.env` and the `bin` link are one input here: each is written by the same hands.
bool paws::fuzz::accepts(std::string_view input) {
    const auto version = collectors::version_of_link(input);
    require(version.size() <= 32 && version.find('/') == std::string::npos);
    const auto proxy = collectors::parse_proxy(input);
    require(printable(proxy, 300) == proxy);
    require(proxy.empty() || proxy.find(':') != std::string::npos);

    const auto settings = collectors::parse_runner_settings(input);
    if (settings) {
        for (const auto& text : {settings->agent_name, settings->work_folder}) {
            require(text.size() <= 256 && printable(text) == text);
        }
    }
    return settings || !proxy.empty() || !version.empty();
}
