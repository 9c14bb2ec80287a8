// Result: a value or an Error, for what a healthy program meets (a missing file, a malformed line).
// Bugs and starts that cannot go on are exceptions; see docs/adr/0003-result-and-exceptions.md.

#pragma once

#include <string>
#include <utility>
#include <variant>

namespace paws {

// Branched on; everything else about a failure is for people and stands in Error::what.
enum class Errc {
    absent,       // the subject does not exist here: not a failure
    denied,       // rights are missing
    malformed,    // it exists and does not say what it should
    timeout,      // it did not answer by its deadline
    unavailable,  // the service behind it is not there
    io,           // any other failure of the operating system
};

struct Error {
    Errc code = Errc::io;
    std::string what;  // names the subject and, where there is one, the next step

    bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}
    Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    const T& value() const& { return std::get<0>(state_); }
    T& value() & { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    const T& operator*() const& { return value(); }
    T& operator*() & { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    const T* operator->() const { return &value(); }
    T* operator->() { return &value(); }

    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_{std::move(error)}, failed_{true} {}

    bool has_value() const { return !failed_; }
    explicit operator bool() const { return has_value(); }
    const Error& error() const { return error_; }

private:
    Error error_;
    bool failed_ = false;
};

}  // namespace paws
