#include "pawsctl/render_host.h"

#include "pawsctl/fields.h"
#include "pawsctl/human.h"
#include "pawsctl/words.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

constexpr std::size_t shown_filesystems = 4;
constexpr double smallest_bytes = 1e6;

// "ok" or "degraded (disk, memory)".
void add_health(Line& line, Verdict verdict, const std::string& problems) {
    line.add(word(verdict), style_of(verdict));
    if (!problems.empty()) {
        line.add(" (" + problems + ")", style_of(verdict));
    }
}

Line host_line(const Object& host, const Object& status) {
    auto line = labelled("host");
    add_health(line, health_of(host), problems_of(host));
    const auto up = age_of(host, "boot", status);
    line.add(", up " + age(up) + ", ");
    const auto& clock = object(host, "clock");
    const bool right = flag(clock, "synchronised").value_or(true) && !has_problem(host, "clock");
    return line.add("clock " + clock_words(clock), right ? Style::plain : Style::warning);
}

Line cpu_line(const Object& host) {
    std::vector<std::string> words;
    if (const auto cpus = number(host, "cpus")) {
        words.push_back(decimal(*cpus, 0) + (*cpus == 1 ? " CPU" : " CPUs"));
    }
    if (const auto busy = number(host, "cpu_busy")) {
        words.push_back(share(busy) + " busy");
    }
    std::vector<std::string> loads;
    for (const auto* key : {"one", "five", "fifteen"}) {
        if (const auto load = number(object(host, "load"), key)) {
            loads.push_back(decimal(*load, 2));
        }
    }
    if (!loads.empty()) {
        words.push_back("load " + joined(loads, " "));
    }
    return labelled("cpu").add(words.empty() ? not_known : joined(words, ", "));
}

Line memory_line(const Object& memory) {
    const auto total = number(memory, "total_bytes");
    const auto available = number(memory, "available_bytes");
    if (!total || !available || *total <= 0) {
        return labelled("memory").add(not_known);
    }
    const auto used = *total - *available;
    auto line = labelled("memory");
    line.add(share(used / *total) + " of " + size(total) + " used, " + size(available) + " free");
    const auto swap = number(memory, "swap_total_bytes");
    const auto swap_free = number(memory, "swap_free_bytes");
    if (!swap || !swap_free) {
        return line.add(", swap " + std::string{not_known});
    }
    return line.add(*swap == 0
                        ? ", no swap"
                        : ", swap " + share((*swap - *swap_free) / *swap) + " of " + size(swap));
}

// The share of the last minute in which some task waited (kernel doc: accounting/psi.rst).
Line pressure_line(const Object& pressure) {
    std::vector<std::string> words;
    for (const auto* resource : {"cpu", "memory", "io"}) {
        const auto percent = number(object(object(pressure, resource), "some"), "avg60");
        if (percent) {
            words.push_back(std::string{resource} + " " + decimal(*percent, 1) + " %");
        }
    }
    return labelled("waiting").add(words.empty() ? not_known
                                                 : joined(words, ", ") + " of the last minute");
}

std::optional<double> used_ratio(const Object& filesystem) {
    const auto bytes = number(filesystem, "size_bytes");
    const auto avail = number(filesystem, "avail_bytes");
    return bytes && avail && *bytes > 0 ? std::optional{1 - *avail / *bytes} : std::nullopt;
}

std::optional<double> used_inodes(const Object& filesystem) {
    const auto files = number(filesystem, "files");
    const auto free = number(filesystem, "files_free");
    return files && free && *files > 0 ? std::optional{1 - *free / *files} : std::nullopt;
}

// What is read-only by its nature is always full, and where no file fits nothing fills up.
bool tells_nothing(const Object& filesystem) {
    static constexpr std::array images{"squashfs", "iso9660", "erofs", "cramfs"};
    const bool image = std::ranges::find(images, text(filesystem, "fstype")) != images.end();
    return image || number(filesystem, "size_bytes").value_or(smallest_bytes) < smallest_bytes;
}

// The one with an error first, then by what is nearest to its end.
double urgency(const Object& filesystem) {
    const auto used = used_ratio(filesystem);
    return used ? std::max(*used, used_inodes(filesystem).value_or(0)) : 2;
}

// Each device once, the most urgent first; a bind mount shows the same device again.
std::vector<const Object*> by_urgency(const Object& host) {
    std::vector<const Object*> all;
    std::set<std::string> devices;
    for (const auto* filesystem : objects(host, "filesystems")) {
        const auto device = text(*filesystem, "device");
        const bool again = device.starts_with('/') && !devices.insert(device).second;
        if (!again && !tells_nothing(*filesystem)) {
            all.push_back(filesystem);
        }
    }
    std::ranges::stable_sort(
        all, std::ranges::greater{}, [](const auto* one) { return urgency(*one); });
    return all;
}

Style style_of_use(double ratio) {
    return ratio > 0.9 ? Style::bad : ratio > 0.75 ? Style::warning : Style::plain;
}

std::vector<Line> silent_filesystem(Line begin, const Object& filesystem, const Screen& screen) {
    const auto error = text(filesystem, "error");
    const auto words = text(filesystem, "mountpoint") + " " + (error.empty() ? not_known : error);
    return wrapped(std::move(begin), words, longest_error, screen);
}

Line filesystem_line(Line line, const Object& filesystem, double used) {
    line.add(text(filesystem, "mountpoint") + " ");
    line.add(share(used), style_of_use(used));
    line.add(" of " + size(number(filesystem, "size_bytes")) + " used, " +
             size(number(filesystem, "avail_bytes")) + " free");
    if (const auto inodes = used_inodes(filesystem)) {
        line.add(", ").add(share(inodes) + " of inodes", style_of_use(*inodes));
    }
    if (const auto full = number(filesystem, "full_in_seconds")) {
        line.add(", ").add("full in " + age(full), Style::warning);
    }
    if (flag(filesystem, "read_only").value_or(false)) {
        line.add(", ").add("read-only", Style::warning);
    }
    return line;
}

std::vector<Line> filesystem_lines(const Object& host, const Screen& screen) {
    const auto all = by_urgency(host);
    std::vector<Line> lines;
    for (std::size_t at = 0; at < std::min(all.size(), shown_filesystems); ++at) {
        const auto begin = labelled(at == 0 ? "disk" : "");
        const auto& filesystem = *all[at];
        if (const auto used = used_ratio(filesystem)) {
            lines.push_back(filesystem_line(begin, filesystem, *used));
        } else {
            std::ranges::move(silent_filesystem(begin, filesystem, screen),
                              std::back_inserter(lines));
        }
    }
    if (all.size() > shown_filesystems) {
        lines.push_back(labelled("").add(
            "and " + counted(all.size() - shown_filesystems, "other", "others") + ", none fuller",
            Style::faint));
    }
    if (lines.empty()) {
        lines.push_back(labelled("disk").add(not_known));
    }
    return lines;
}

}  // namespace

Line labelled(std::string_view label) {
    return Line{}.add(label, Style::faint).tab(label_columns);
}

std::vector<Line> host_lines(const Object& status, const Screen& screen) {
    const auto& host = object(status, "host");
    std::vector<Line> lines{host_line(host, status),
                            cpu_line(host),
                            memory_line(object(host, "memory")),
                            pressure_line(object(host, "pressure"))};
    std::ranges::move(filesystem_lines(host, screen), std::back_inserter(lines));
    return lines;
}

}  // namespace paws::pawsctl
