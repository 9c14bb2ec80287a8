// Human: ages, sizes and shares as people read them. Absent is "not known", never zero.

#pragma once

#include <optional>
#include <string>

namespace paws::pawsctl {

inline constexpr const char* not_known = "not known";

// "12 s", "3 min", "2 h 5 min", "2 d 4 h"; a negative age (a clock stepped) is "0 s".
std::string age(std::optional<double> seconds);
// Powers of 1000 and three digits: "512 B", "3.14 GB", "120 GB".
std::string size(std::optional<double> bytes);
// "38 %"; `ratio` is 0..1.
std::string share(std::optional<double> ratio);
std::string decimal(double number, int digits);

}  // namespace paws::pawsctl
