#include "collectors/unmanaged_processes.h"

#include "collectors/command_line.h"
#include "collectors/process_roles.h"
#include "collectors/processes.h"
#include "core/text.h"
#include "platform/small_file.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace paws::collectors {

namespace {

constexpr std::chrono::seconds listing_interval{5};
constexpr int deepest_chain = 64;
constexpr std::size_t most_threads = 256;

std::string in_proc(int pid, std::string_view name) {
    return "proc/" + std::to_string(pid) + "/" + std::string{name};
}

// Room for a just-in-time configuration among the arguments; what is longer is no runner's.
using CommandBuffer = std::array<char, 64U << 10U>;

// Views into `buffer`.
std::vector<std::string_view> read_words(const platform::RootFs& root,
                                         int pid,
                                         CommandBuffer& buffer) {
    const auto command = platform::read_small(root, in_proc(pid, "cmdline"), buffer);
    return program_words(command ? command->text : std::string_view{});
}

std::string_view without_deleted(std::string_view path) {
    static constexpr std::string_view mark = " (deleted)";  // the update took the directory away
    return path.ends_with(mark) ? path.substr(0, path.size() - mark.size()) : path;
}

}  // namespace

void UnmanagedProcesses::list_processes(const Now& now) {
    if (listed_ && now.boot - *listed_ < listing_interval) {
        return;
    }
    listed_ = now.boot;
    pids_.clear();
    const auto names = root_.list("proc", 1'000'000);
    for (const auto& name : names ? *names : std::vector<std::string>{}) {
        if (const auto pid = parse_integer<int>(name); pid && *pid > 0) {
            pids_.push_back(*pid);
        }
    }
    std::ranges::sort(pids_);
    hidden_ = !root_.read("proc/1/stat");  // everyone may read it unless hidepid forbids
}

// Of each thread: a listener starts its worker from any of them. Without CONFIG_PROC_CHILDREN
// (proc(5)) the next listing finds what this does not.
std::vector<int> UnmanagedProcesses::children_of(int pid) const {
    std::vector<int> children;
    const auto tasks = root_.list(in_proc(pid, "task"), most_threads);
    for (const auto& task : tasks ? *tasks : std::vector<std::string>{}) {
        const auto text = root_.read(in_proc(pid, "task/" + task + "/children"));
        std::string_view words = text ? std::string_view{*text} : std::string_view{};
        while (const auto child = parse_integer<int>(take_word(words))) {
            children.push_back(*child);
        }
    }
    return children;
}

void UnmanagedProcesses::add_children() {
    for (const auto& process : table_.processes()) {
        if (process.role == ProcessRole::job) {
            continue;
        }
        for (const int child : children_of(process.pid)) {
            const auto place = std::ranges::lower_bound(pids_, child);
            if (place == pids_.end() || *place != child) {
                pids_.insert(place, child);
            }
        }
    }
}

const Process* UnmanagedProcesses::find(int pid) {
    const auto processes = table_.processes();
    const auto found = std::ranges::lower_bound(processes, pid, {}, &Process::pid);
    return found != processes.end() && found->pid == pid ? &*found : nullptr;
}

const UnmanagedProcesses::Program& UnmanagedProcesses::program(const Process& process) {
    auto& known = programs_[process.pid];
    if (known.start_ticks == process.start_ticks && known.comm == process.comm) {
        return known;
    }
    known = Program{.start_ticks = process.start_ticks, .comm = process.comm};
    CommandBuffer buffer{};
    const auto words = read_words(root_, process.pid, buffer);
    known.path = words.empty() ? "" : words[0];
    known.argument = words.size() < 2 ? "" : words[1];
    if (const auto link = root_.read_link(in_proc(process.pid, "exe"))) {
        known.path = without_deleted(*link);
        known.certain = true;
    }
    return known;
}

bool UnmanagedProcesses::runs(const Process& process, std::string_view name, const Runner& runner) {
    const auto& known = program(process);
    const auto& files = *runner.files.value;
    const bool here =
        is_program_of(known.path, runner.root, name) ||
        (!files.real_path.empty() && is_program_of(known.path, files.real_path, name));
    return here && (known.certain || process.uid == files.owner);
}

bool UnmanagedProcesses::runs_script(const Process& process,
                                     std::span<const std::string_view> scripts) const {
    CommandBuffer buffer{};
    return name_a_script(read_words(root_, process.pid, buffer), scripts);
}

bool UnmanagedProcesses::below_worker(const Process& process) {
    const auto* at = find(process.parent);
    for (int steps = 0; at != nullptr && steps < deepest_chain; ++steps) {
        if (at->comm == worker_comm) {
            return true;
        }
        at = find(at->parent);
    }
    return false;
}

// The oldest: what a job starts of the same program is younger, and below a worker.
const Process* UnmanagedProcesses::find_listener(const Runner& runner) {
    const Process* oldest = nullptr;
    for (const auto& process : table_.processes()) {
        if (process.comm == listener_comm &&
            (oldest == nullptr || process.start_ticks < oldest->start_ticks) &&
            runs(process, listener_comm, runner) && program(process).argument == "run" &&
            !below_worker(process)) {
            oldest = &process;
        }
    }
    return oldest;
}

// The scripts above the listener belong to the runner; the shell somebody typed run.sh in does not.
std::vector<UnmanagedProcesses::Starter> UnmanagedProcesses::find_starters(
    const Process& listener) {
    static constexpr std::array<std::string_view, 3> starters{
        "run-helper.sh", "RunnerService.js", "run.sh"};
    static constexpr std::array<std::string_view, 2> entries{"run.sh", "runsvc.sh"};
    const auto* wrapper = find(listener.parent);
    if (wrapper == nullptr || !runs_script(*wrapper, starters)) {
        return {};
    }
    std::vector<Starter> found{{wrapper->pid, wrapper->start_ticks}};
    const auto* shell = find(wrapper->parent);
    if (shell != nullptr && runs_script(*shell, entries)) {
        found.push_back({shell->pid, shell->start_ticks});
    }
    return found;
}

void UnmanagedProcesses::add_descendants(std::set<int>& pids) {
    std::size_t before = 0;
    while (before != pids.size()) {
        before = pids.size();
        for (const auto& process : table_.processes()) {
            if (pids.contains(process.parent)) {
                pids.insert(process.pid);
            }
        }
    }
}

std::vector<Process> UnmanagedProcesses::members(const Runner& runner, int& main_pid) {
    std::set<int> pids;
    auto& starters = starters_[runner.name];
    if (const auto* listener = find_listener(runner)) {
        starters = find_starters(*listener);
        pids.insert(listener->pid);
        main_pid = listener->pid;
    }
    for (const auto& starter : starters) {
        const auto* process = find(starter.pid);
        if (process != nullptr && process->start_ticks == starter.start_ticks) {
            pids.insert(starter.pid);
            main_pid = starter.pid;
        }
    }
    for (const auto& process : table_.processes()) {
        if (process.comm == worker_comm && runs(process, worker_comm, runner)) {
            pids.insert(process.pid);
        }
    }
    add_descendants(pids);
    std::vector<Process> processes;
    std::ranges::copy_if(table_.processes(),
                         std::back_inserter(processes),
                         [&](const Process& process) { return pids.contains(process.pid); });
    return processes;
}

// Those with a role are read in every round: the table must know them.
void UnmanagedProcesses::keep_roles(const std::vector<std::vector<Process>>& groups) {
    for (auto& process : table_.processes()) {
        process.role = ProcessRole::job;
    }
    for (const auto& group : groups) {
        for (const auto& member : group) {
            const auto found =
                std::ranges::lower_bound(table_.processes(), member.pid, {}, &Process::pid);
            found->role = member.role;
        }
    }
}

std::vector<std::pair<std::string, ProcessTree>> UnmanagedProcesses::look(
    const std::vector<const Runner*>& runners, const Now& now) {
    std::vector<std::pair<std::string, ProcessTree>> trees;
    if (runners.empty()) {
        return trees;
    }
    list_processes(now);
    add_children();
    for (const int gone : table_.update(pids_)) {
        pids_.erase(std::ranges::lower_bound(pids_, gone));
    }
    std::erase_if(programs_, [&](const auto& known) { return find(known.first) == nullptr; });
    std::vector<std::vector<Process>> groups;
    for (const auto* runner : runners) {
        if (!runner->files.value || !runner->files.value->owner) {
            continue;
        }
        int main_pid = 0;
        auto& group = groups.emplace_back(members(*runner, main_pid));
        assign_roles(group, main_pid);
        auto tree = to_tree(group);
        if (hidden_) {
            tree.error =
                "processes of other users are hidden from the agent" + std::string{hidden_advice};
        }
        trees.emplace_back(runner->name, std::move(tree));
    }
    keep_roles(groups);
    return trees;
}

}  // namespace paws::collectors
