#include "core/text.h"
#include "exporter/peer_limit.h"
#include "exporter/tokens.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;

// The header of a request and its peer's address on two lines, a file of tokens behind them.
bool fuzz::accepts(std::string_view input) {
    auto file = input;
    const auto header = take_until(file, '\n');
    const auto peer = take_until(file, '\n');
    require(exporter::peer_of(peer).size() <= peer.size() + 64);
    const auto tokens = exporter::Tokens::parse(file);
    const auto token = exporter::bearer_token(header);
    if (!tokens || !token) {
        return false;
    }
    require(!tokens->hold("") && !tokens->hold(token->substr(0, exporter::shortest_token - 1)));
    const bool held = tokens->hold(*token);
    require(!held || file.find(*token) != std::string_view::npos);
    return held;
}
