// `logs follow`: lines as they go to Loki, until somebody ends it.

#include "core/duration.h"
#include "core/text.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/log_line.h"
#include "pawsctl/verbs.h"
#include "platform/end_signal.h"
#include "platform/system_clock.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>

#include <boost/json/serialize.hpp>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;
using std::chrono::milliseconds;

constexpr milliseconds pause{500};
// A signal waits as long as the agent does.
constexpr milliseconds longest_patience{1000};

struct Wanted {
    LineFilter lines;
    std::string span;
};

// What the agent is asked next, and whether it was heard last time.
class Follower {
public:
    Follower(const Call& call, LineFilter wanted)
        : json_{call.json}, screen_{screen_of_output()}, wanted_{std::move(wanted)} {}

    std::uint64_t after() const { return after_; }
    bool has_begun() const { return since_.has_value(); }

    // False: ask again at once, the agent's numbers begin anew.
    bool take(const Object& answer) {
        const auto since = text(answer, "since");
        if (away_) {
            complain("the agent answers again");
            away_ = false;
        }
        if (since_ && since != *since_) {
            complain("the agent has begun anew; lines between may be missing here, not in Loki");
            since_ = since;
            after_ = 0;
            return false;
        }
        // What others have watched before is not from now on.
        const bool from_now = !since_;
        since_ = since;
        for (const auto* line : objects(answer, "lines")) {
            see(*line, !from_now);
        }
        return true;
    }

    void lose(const Failure& failure) {
        if (!away_) {
            complain(failure.message);
            complain("waiting for it");
        }
        away_ = true;
    }

private:
    void see(const Object& line, bool shown) {
        const auto counted = number(line, "number").value_or(0);
        const auto number = counted > 0 ? static_cast<std::uint64_t>(counted) : after_ + 1;
        if (shown && number > after_ + 1 && any_) {
            complain(std::to_string(number - after_ - 1) + " lines came too fast to be shown here");
        }
        any_ = any_ || shown;
        after_ = std::max(after_, number);
        if (shown && is_wanted(line, wanted_)) {
            show(line);
        }
    }

    void show(const Object& line) const {
        if (json_) {
            const auto text = boost::json::serialize(line);
            print_lines({printable(text, 3 * text.size())});
        } else {
            print_lines({render_log_line(line, screen_)});
        }
        std::fflush(stdout);
    }

    bool json_;
    Screen screen_;
    LineFilter wanted_;
    std::uint64_t after_ = 0;
    std::optional<std::string> since_;  // when the agent's numbers began
    bool any_ = false;                  // was shown since they did
    bool away_ = false;
};

// Ends with the verb where going on makes no sense.
std::optional<int> fatal(const Failure& failure, const Follower& follower) {
    if (failure.agent_code == "conflict") {
        complain(failure.message);
        return exit_failed;  // no logs are shipped
    }
    const bool may_come = failure.exit_code == exit_unreachable && follower.has_begun();
    if (may_come) {
        return std::nullopt;
    }
    complain(failure.message);
    return failure.exit_code;
}

// Nothing will come where nothing is sent: better said than waited for.
void warn_where_nothing_is_sent(const Address& address) {
    const auto asked = ask(address, "logs");
    const auto* answer = std::get_if<Answer>(&asked);
    const auto state = answer == nullptr ? std::string{"shipping"} : text(answer->result, "state");
    if (state != "shipping" && !state.empty()) {
        complain("logs are not shipped just now (" + state + "); see: pawsctl logs status");
    }
}

int follow(const Call& call, const Wanted& wanted) {
    auto address = call.address;
    address.patience = std::min(address.patience, longest_patience);
    const auto span = parse_duration(wanted.span);
    const auto begun = platform::now().boot;
    const auto left = [&] {
        const auto rest =
            span ? *span - (platform::now().boot - begun) : std::chrono::nanoseconds{pause};
        return std::clamp(std::chrono::ceil<milliseconds>(rest), milliseconds{0}, pause);
    };
    // Whoever started this may have it ignored; then a pipe without a reader would be a failure.
    std::signal(SIGPIPE, SIG_DFL);
    const auto signals = platform::EndSignal::open();
    if (!signals) {
        complain(signals.error().what);
        return exit_bug;
    }
    warn_where_nothing_is_sent(address);
    Follower follower{call, wanted.lines};
    do {
        for (bool again = true; again;) {
            const auto asked = ask(address, "logs_follow", {{"after", follower.after()}});
            if (const auto* answer = std::get_if<Answer>(&asked)) {
                again = !follower.take(answer->result);
                continue;
            }
            const auto& failure = std::get<Failure>(asked);
            if (const auto code = fatal(failure, follower)) {
                return *code;
            }
            follower.lose(failure);
            again = false;
        }
    } while (left().count() > 0 && signals->wait(left()));
    return exit_well;
}

std::string check_level(const std::string& typed) {
    return is_level(typed)
               ? std::string{}
               : "'" + printable(typed) + "' is no level; there are " + std::string{level_words};
}

}  // namespace

void add_follow(CommandLine& line, CLI::App& logs) {
    auto& verb = CommandLine::verb(logs, "follow", "Lines as they go to Loki, secrets redacted");
    const auto wanted = std::make_shared<Wanted>();
    verb.add_option("--unit", wanted->lines.unit, "Only of this unit")->type_name("UNIT");
    verb.add_option("--runner", wanted->lines.runner, "Only of this runner")->type_name("RUNNER");
    verb.add_option("--level", wanted->lines.level, "Only of this level and graver ones")
        ->type_name("LEVEL")
        ->check(check_level);
    verb.add_option("--for", wanted->span, "End after this time; else with Ctrl-C")
        ->type_name("TIME")
        ->check(check_span);
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl logs follow --level warning",
                          "pawsctl logs follow --runner acme-widgets.build-01 --for 30s",
                          "pawsctl logs follow --json | jq -r .line"}));
    line.does(verb, [wanted](const Call& call) { return follow(call, *wanted); });
}

}  // namespace paws::pawsctl
