#include "forwarder/redactor.h"
#include "tests/fuzz/fuzz.h"

#include <string>
#include <utility>

using namespace paws::forwarder;

namespace {

Redactor& redactor() {
    static Redactor made = std::move(*Redactor::create({{"badge", "B-[0-9]+"}}));
    return made;
}

}  // namespace

// Lines of one source. Whatever stands around it, a token between blanks is found; what was
// redacted is redacted no further.
bool paws::fuzz::accepts(std::string_view input) {
    static const std::string token = std::string{"gh"} + "p_abcdefghijklmnopqrstuvwxyz0123456789";
    OpenKey open;
    bool found = false;
    while (!input.empty()) {
        const auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(line.size() == input.size() ? line.size() : line.size() + 1);

        const std::string once{redactor().redact(line, open)};
        found = found || once != line;
        OpenKey none;
        const auto counts = redactor().counts();
        require(redactor().redact(once, none) == once);
        require(redactor().counts() == counts);

        const auto middle = line.size() / 2;
        const auto planted = std::string{line.substr(0, middle)} + ' ' + token + ' ' +
                             std::string{line.substr(middle)};
        require(redactor().redact(planted, none).find(token) == std::string_view::npos);
    }
    return found;
}
