#include "pawsctl/command_line.h"
#include "pawsctl/exit_code.h"

#include <cstdio>
#include <cstring>
#include <exception>

int main(int argc, char** argv) {
    using namespace paws::pawsctl;
    try {
        CommandLine line;
        const int exit_code = line.run(argc, argv);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            std::perror("pawsctl: standard output");
            return exit_output;
        }
        return exit_code;
    } catch (const std::exception& bug) {
        std::fprintf(stderr, "pawsctl: this is a bug, please report it: %s\n", bug.what());
        return exit_bug;
    }
}
