#include "pawsctl/watch.h"

#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/find_runner.h"
#include "pawsctl/human.h"
#include "pawsctl/render_status.h"
#include "platform/system_clock.h"
#include "platform/terminal.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace paws::pawsctl {

namespace {

using platform::FullScreen;
using Lines = std::vector<std::string>;

constexpr std::chrono::milliseconds pause{2000};
// Keys and signals wait as long as the agent does.
constexpr std::chrono::milliseconds longest_patience{1000};

std::string cut_line(std::string_view text, const Screen& screen) {
    return Line{}.add(text).on(screen);
}

Lines drawn(const boost::json::object& status, const std::string& meant, const Screen& screen) {
    if (meant.empty()) {
        return render_status(status, screen);
    }
    const auto found = find_runner(status, meant);
    if (!found) {
        return {cut_line(found.error().what, screen)};
    }
    return render_status(status, {*found}, screen);
}

// What does not fit below the window's edge is counted, not lost silently.
std::string fitted(Lines lines, const Screen& screen) {
    if (screen.rows && lines.size() > *screen.rows && *screen.rows > 0) {
        const auto hidden = lines.size() - (*screen.rows - 1);
        lines.resize(*screen.rows - 1);
        lines.push_back(cut_line("and " + std::to_string(hidden) + " more lines", screen));
    }
    std::string frame;
    for (const auto& line : lines) {
        frame += line + "\n";
    }
    return frame.substr(0, frame.size() - std::min<std::size_t>(frame.size(), 1));
}

// What was seen last, and since when nothing new came. Drawn again for each size of the window.
class Picture {
public:
    explicit Picture(std::string meant) : meant_{std::move(meant)} {}

    void take(std::variant<Answer, Failure> asked) {
        if (auto* answer = std::get_if<Answer>(&asked)) {
            answer_ = std::move(*answer);
            away_since_.reset();
            return;
        }
        failure_ = std::get<Failure>(asked).message;
        if (!away_since_) {
            away_since_ = platform::now().boot;
        }
    }

    std::string frame(const Screen& screen) const {
        Lines lines;
        if (away_since_) {
            const auto away = to_seconds(platform::now().boot - *away_since_);
            lines.push_back(
                Line{}.add("agent unreachable since " + age(away), Style::bad).on(screen));
            for (const auto& line : wrapped(Line{}, failure_, 3, screen)) {
                lines.push_back(line.on(screen));
            }
            lines.emplace_back(answer_ ? cut_line("Before that:", screen) : "");
        }
        if (answer_) {
            std::ranges::move(drawn(answer_->result, meant_, screen), std::back_inserter(lines));
        }
        return fitted(std::move(lines), screen);
    }

private:
    std::string meant_;
    std::optional<Answer> answer_;
    std::string failure_;
    std::optional<BootTime> away_since_;
};

}  // namespace

int watch(const Call& call, const std::string& meant) {
    auto screen = FullScreen::open();
    if (!screen) {
        complain(screen.error().what);
        return exit_bug;
    }
    Picture picture{meant};
    auto address = call.address;
    address.patience = std::min(address.patience, longest_patience);
    auto wake = FullScreen::Wake::elapsed;
    while (wake != FullScreen::Wake::ended) {
        if (wake == FullScreen::Wake::elapsed) {
            picture.take(ask(address, "status"));
        }
        screen->draw(picture.frame(screen_of_output()));
        wake = screen->wait(pause);
    }
    return exit_well;
}

}  // namespace paws::pawsctl
