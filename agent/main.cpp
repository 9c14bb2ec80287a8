#include "agent/options.h"
#include "agent/run.h"

#include <cstdio>
#include <exception>
#include <variant>

int main(int argc, char** argv) {
    using namespace paws::agent;
    try {
        const auto parsed = parse_options(argc, argv);
        if (const auto* code = std::get_if<int>(&parsed)) {
            return *code;
        }
        return run(std::get<Options>(parsed));
    } catch (const std::exception& bug) {
        std::fprintf(stderr, "paws-agent: this is a bug, please report it: %s\n", bug.what());
        return exit_bug;
    }
}
