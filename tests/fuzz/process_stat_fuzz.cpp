#include "collectors/process_stat.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;

bool paws::fuzz::accepts(std::string_view input) {
    const auto process = collectors::parse_process_stat(input);
    if (!process) {
        return false;
    }
    require(process->pid > 0);
    require(process->comm.size() <= 64 && printable(process->comm) == process->comm);
    require(process->role == ProcessRole::job);
    return true;
}
