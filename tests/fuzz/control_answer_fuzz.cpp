// What the agent answers: whatever it is, pawsctl draws lines that fit and that steer no terminal.

#include "core/text.h"
#include "pawsctl/answer.h"
#include "pawsctl/json_text.h"
#include "pawsctl/render_runner.h"
#include "pawsctl/render_status.h"
#include "pawsctl/width.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;
using namespace paws::pawsctl;

namespace {

constexpr std::size_t columns = 60;

void check_lines(const std::vector<std::string>& lines) {
    for (const auto& line : lines) {
        paws::fuzz::require(columns_of(line) <= columns);
        paws::fuzz::require(printable(line, line.size()) == line);
    }
}

}  // namespace

bool paws::fuzz::accepts(std::string_view input) {
    const auto answer = parse_answer(input);
    if (!answer || !answer->ok) {
        return false;
    }
    const Screen screen{columns, {}, false, true};
    check_lines(render_status(answer->result, screen));
    check_lines(render_runner(answer->result, screen));
    check_lines(render_runner_list(answer->result, screen));
    // The same values on one line or on many.
    const auto shown =
        parse_answer(R"({"version":1,"ok":true,"result":)" + pretty(answer->result_text) + "}");
    paws::fuzz::require(shown && shown->result == answer->result);
    return true;
}
