#include "collectors/journal_speaker.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;

namespace {

constexpr const char* starting = "Starting Runner listener with startup type: service";

JournalEntry entry(int pid, std::string message, std::string stream = "s1") {
    return {.transport = "stdout",
            .unit = "u",
            .invocation = "i1",
            .stream = std::move(stream),
            .message = std::move(message),
            .pid = pid};
}

Runner running(int main_pid, int wrapper) {
    Runner runner;
    runner.unit_state.value =
        Unit{.invocation_id = "i1", .main_pid = main_pid, .exec_main_pid = main_pid};
    runner.processes.value = ProcessTree{
        .processes = {{.pid = wrapper, .parent = main_pid, .role = ProcessRole::wrapper},
                      {.pid = wrapper + 1, .parent = wrapper, .role = ProcessRole::listener}}};
    return runner;
}

}  // namespace

TEST_CASE("Speaker: the wrapper is who starts the listener first, beside the shell") {
    Speaker speaker;
    CHECK(speaker.speaks(entry(10, ".path=/bin")));
    CHECK(speaker.speaks(entry(20, starting)));
    CHECK(speaker.speaks(entry(20, "anything")));
    CHECK_FALSE(speaker.speaks(entry(30, starting)));
    CHECK(speaker.wrapper_of("i1") == 20);
}

TEST_CASE("Speaker: what came before the wrapper on another stream is not the wrapper") {
    Speaker speaker;
    CHECK(speaker.speaks(entry(10, ".path=/bin")));
    CHECK_FALSE(speaker.speaks(entry(66, starting, "s2")));  // left over from an earlier start
    CHECK(speaker.speaks(entry(20, starting)));
    CHECK_FALSE(speaker.speaks(entry(66, "anything", "s2")));
}

TEST_CASE("Speaker: who does not begin with the start of a listener is never believed") {
    Speaker speaker;
    CHECK(speaker.speaks(entry(10, ".path=/bin", "")));
    CHECK_FALSE(speaker.speaks(entry(66, "noise", "")));
    CHECK_FALSE(speaker.speaks(entry(66, starting, "")));
    CHECK_FALSE(speaker.speaks(entry(67, starting, "")));
    CHECK(speaker.wrapper_of("i1") == 0);
}

TEST_CASE("Speaker: other transports and entries without a process are job output") {
    Speaker speaker;
    auto forged = entry(20, starting);
    for (const auto* transport : {"syslog", "journal", "kernel", "driver", ""}) {
        forged.transport = transport;
        CHECK_FALSE(speaker.speaks(forged));
    }
    CHECK_FALSE(speaker.speaks(entry(0, starting)));
    CHECK(speaker.speaks(entry(20, starting)));
}

TEST_CASE("Speaker: each start of the unit has its own wrapper") {
    Speaker speaker;
    CHECK(speaker.speaks(entry(20, starting)));
    auto second = entry(40, starting);
    second.invocation = "i2";
    CHECK(speaker.speaks(second));
    second.pid = 20;
    CHECK_FALSE(speaker.speaks(second));
    CHECK(speaker.speaks(entry(20, "late words of the first")));
}

TEST_CASE("Speaker: the process table overrules what the journal said of itself") {
    Speaker speaker;
    CHECK(speaker.speaks(entry(66, starting)));
    CHECK(speaker.learn(running(10, 20)));
    CHECK_FALSE(speaker.speaks(entry(66, "anything")));
    CHECK(speaker.speaks(entry(20, "anything")));
    CHECK_FALSE(speaker.learn(running(10, 20)));
}

TEST_CASE("Speaker: a wrapper refused before it was known is worth reading again, once") {
    Speaker speaker;
    CHECK_FALSE(speaker.speaks(entry(20, "its first line was vacuumed")));
    CHECK(speaker.learn(running(10, 20)));
    CHECK_FALSE(speaker.learn(running(10, 20)));
    Speaker unheard;
    CHECK_FALSE(unheard.learn(running(10, 20)));
    CHECK(unheard.speaks(entry(20, "anything")));
}

TEST_CASE("Speaker: a child of the shell without a listener is not taken for the wrapper") {
    Speaker speaker;
    auto starts = running(10, 15);  // `cat .path`, for a moment
    starts.processes.value->processes.pop_back();
    CHECK_FALSE(speaker.learn(starts));
    CHECK(speaker.speaks(entry(10, ".path=/bin")));
    CHECK(speaker.speaks(entry(20, starting)));
    CHECK(speaker.wrapper_of("i1") == 20);
}

TEST_CASE("Speaker: a wrapper that is no child of the main process is not learnt") {
    Speaker speaker;
    auto runner = running(10, 20);
    runner.unit_state.value->main_pid = 11;
    runner.unit_state.value->exec_main_pid = 11;
    CHECK_FALSE(speaker.learn(runner));
    CHECK(speaker.wrapper_of("i1") == 0);
}

TEST_CASE("Speaker: without invocation ids the process table tells of a new start") {
    Speaker speaker;
    auto first = entry(20, starting);
    first.invocation.clear();
    CHECK(speaker.speaks(first));
    auto second = first;
    second.pid = 40;
    CHECK_FALSE(speaker.speaks(second));
    Runner runner;
    runner.processes.value =
        ProcessTree{.processes = {{.pid = 40, .parent = 1, .role = ProcessRole::wrapper},
                                  {.pid = 41, .parent = 40, .role = ProcessRole::listener}}};
    speaker.learn(runner);
    CHECK(speaker.speaks(second));
    CHECK_FALSE(speaker.speaks(first));
}
