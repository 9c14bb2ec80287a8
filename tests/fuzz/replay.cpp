#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string content(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

// A text that breaks off is what a parser meets most often; long inputs are cut in steps.
void cut_short(const std::string& input) {
    const auto step = input.size() / 4096 + 1;
    for (std::size_t size = 0; size < input.size(); size += step) {
        paws::fuzz::accepts(std::string{input, 0, size});
    }
}

}  // namespace

// Usage: replay CORPUS. Fails unless the parser accepts at least one input of it.
int main(int argc, char** argv) {
    if (argc != 2) {
        return 64;
    }
    int inputs = 0;
    int accepted = 0;
    for (const auto& file : std::filesystem::directory_iterator{argv[1]}) {
        const auto input = content(file.path());
        ++inputs;
        accepted += paws::fuzz::accepts(input) ? 1 : 0;
        cut_short(input);
    }
    std::printf("%d inputs, %d accepted\n", inputs, accepted);
    return accepted > 0 ? 0 : 1;
}
