// The floor of log shipping: every entry of a journal, and one pass over its fields.
// Prints the entries and the CPU seconds that they took.

#include <cstddef>
#include <cstdio>
#include <ctime>

#include <systemd/sd-journal.h>

namespace {

double cpu_seconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
    sd_journal* journal = nullptr;
    if (argc != 2 || ::sd_journal_open_directory(&journal, argv[1], 0) < 0) {
        std::fputs("usage: journal_floor DIRECTORY\n", stderr);
        return 64;
    }
    ::sd_journal_set_data_threshold(journal, 0);
    ::sd_journal_seek_head(journal);
    std::size_t entries = 0;
    std::size_t bytes = 0;
    const double begun = cpu_seconds();
    while (::sd_journal_next(journal) > 0) {
        const void* data = nullptr;
        std::size_t size = 0;
        ::sd_journal_restart_data(journal);
        while (::sd_journal_enumerate_available_data(journal, &data, &size) > 0) {
            bytes += size;
        }
        ++entries;
    }
    std::printf("%zu %.6f %zu\n", entries, cpu_seconds() - begun, bytes);
    ::sd_journal_close(journal);
    return 0;
}
