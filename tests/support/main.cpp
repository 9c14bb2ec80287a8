// doctest's main, strict: a run in which no test takes part has proven nothing. (A name with a
// semicolon is two names to CTest, and neither is a test's.)
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>

#include <doctest/doctest.h>

namespace {

unsigned ran = 0;

struct Counting : doctest::IReporter {
    explicit Counting(const doctest::ContextOptions& /*options*/) {}
    void report_query(const doctest::QueryData& /*query*/) override {}
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

}  // namespace

REGISTER_LISTENER("counting", 1, Counting);

int main(int argc, char** argv) {
    doctest::Context context{argc, argv};
    const int code = context.run();
    if (context.shouldExit() || code != 0 || ran > 0) {
        return code;
    }
    std::fputs("no test ran: what was asked for matches none, or is skipped here\n", stderr);
    return 1;
}
