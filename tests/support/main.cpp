// doctest's main, strict: a run in which no test takes part has proven nothing. (A name with a
// semicolon is two names to CTest, and neither is a test's.)
//
// What is asked for and skipped here, for want of a right or a device, is told from what is not
// there: CTest shows it as skipped (SKIP_RETURN_CODE). It is listed all the same, so that whoever
// builds without root has the tests that sudo runs.
#define DOCTEST_CONFIG_IMPLEMENT
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace {

constexpr int skipped = 77;

unsigned ran = 0;
unsigned found = 0;

struct Counting : doctest::IReporter {
    explicit Counting(const doctest::ContextOptions& /*options*/) {}
    void report_query(const doctest::QueryData& query) override {
        found = query.run_stats->numTestCasesPassingFilters;
    }
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats& /*run*/) override {}
    void test_case_start(const doctest::TestCaseData& /*test*/) override { ++ran; }
    void test_case_reenter(const doctest::TestCaseData& /*test*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*test*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*thrown*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*subcase*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*assertion*/) override {}
    void log_message(const doctest::MessageData& /*message*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*test*/) override {}
};

// CTest's discovery asks for the suite of a test by its name, and leaves the commas in it as they
// are, which part two names (doctest 2.4.9): without its suite a test has no label.
void take_for_one_name(std::string& word) {
    for (auto at = word.find(','); at != std::string::npos; at = word.find(',', at + 2)) {
        word.insert(at, 1, '\\');
    }
}

// How many there are of what is asked for, those that are skipped here too.
unsigned count_all(std::vector<const char*> words) {
    words.insert(words.end(), {"--no-skip", "--count"});
    doctest::Context{static_cast<int>(words.size()), words.data()}.run();
    return found;
}

}  // namespace

REGISTER_LISTENER("counting", 1, Counting);

int main(int argc, char** argv) {
    std::vector<std::string> words{argv, argv + argc};
    const auto is_asked = [&](std::string_view query) {
        return std::ranges::find(words, query) != words.end();
    };
    if (is_asked("--list-test-suites")) {
        std::ranges::for_each(words, take_for_one_name);
    }
    std::vector<const char*> arguments;
    std::ranges::transform(words, std::back_inserter(arguments), &std::string::c_str);
    doctest::Context context{argc, arguments.data()};
    if (is_asked("--list-test-suites") || is_asked("--list-test-cases")) {
        context.setOption("no-skip", true);
    }
    const int code = context.run();
    if (context.shouldExit() || code != 0 || ran > 0) {
        return code;
    }
    if (count_all(arguments) > 0) {
        std::fputs("what is asked for is skipped here\n", stderr);
        return skipped;
    }
    std::fputs("no test ran: there is none of that name\n", stderr);
    return 1;
}
