#include "core/names.h"
#include "exporter/json_parts.h"
#include "exporter/runner_entry.h"
#include "exporter/runner_view.h"
#include "exporter/status_json.h"

#include <algorithm>

#include <boost/json/array.hpp>

namespace paws::exporter {

namespace json = boost::json;

namespace {

// The section of one fact with its age, or null when there is no present one.
template <class T, class Describe>
json::value section(const View& view, const Sourced<T>& fact, const Describe& describe) {
    const auto* value = view.fresh(fact);
    if (value == nullptr) {
        return nullptr;
    }
    json::object described = describe(*value);
    described["age_seconds"] = to_seconds(view.agent.now.boot - fact.taken.boot);
    return described;
}

json::object unit_json(const Unit& unit) {
    return {{"load_state", parts::text(unit.load_state)},
            {"active_state", parts::text(unit.active_state)},
            {"sub_state", parts::text(unit.sub_state)},
            {"unit_file_state", parts::text(unit.unit_file_state)},
            {"result", parts::text(unit.result)},
            {"user", parts::text(unit.user)},
            {"working_directory", parts::text(unit.working_directory)},
            {"invocation_id", parts::text(unit.invocation_id)},
            {"main_pid", unit.main_pid == 0 ? json::value(nullptr) : json::value(unit.main_pid)},
            {"exec_main_code", unit.exec_main_code},
            {"exec_main_status", unit.exec_main_status},
            {"restarts", unit.restarts},
            {"needs_daemon_reload", unit.needs_daemon_reload},
            {"active_enter", parts::time_or_null(unit.active_enter)},
            {"inactive_enter", parts::time_or_null(unit.inactive_enter)},
            {"state_change", parts::time_or_null(unit.state_change)}};
}

json::value settings_json(const std::optional<RunnerSettings>& settings) {
    if (!settings) {
        return nullptr;
    }
    return json::object{{"agent_id", parts::or_null(settings->agent_id)},
                        {"agent_name", parts::text(settings->agent_name)},
                        {"pool_name", parts::text(settings->pool_name)},
                        {"github_url", parts::text(settings->github_url)},
                        {"server_url", parts::text(settings->server_url)},
                        {"server_url_v2", parts::text(settings->server_url_v2)},
                        {"work_folder", parts::text(settings->work_folder)},
                        {"ephemeral", settings->ephemeral},
                        {"disable_update", settings->disable_update},
                        {"use_v2_flow", settings->use_v2_flow}};
}

json::object files_json(const RunnerFiles& files) {
    return {{"settings", settings_json(files.settings)},
            {"version", parts::text_or_null(files.version)},
            {"version_built", parts::time_or_null(files.version_built)},
            {"error", parts::text_or_null(files.error)}};
}

json::object processes_json(const ProcessTree& tree) {
    json::object counts;
    for (const auto role : process_roles) {
        const auto count = tree.counts.find(role);
        counts[to_string(role)] = count == tree.counts.end() ? 0 : count->second;
    }
    json::array list;
    for (const auto& process : tree.processes) {
        list.push_back(json::object{{"pid", process.pid},
                                    {"parent", process.parent},
                                    {"role", to_string(process.role)},
                                    {"state", parts::text({&process.state, 1})},
                                    {"uid", process.uid},
                                    {"comm", parts::text(process.comm)}});
    }
    return {{"counts", std::move(counts)},
            {"list", std::move(list)},
            {"error", parts::text_or_null(tree.error)}};
}

json::object cgroup_json(const Cgroup& group) {
    return {{"path", parts::text(group.path)},
            {"cpu_seconds", parts::or_null(group.cpu_seconds)},
            {"memory_bytes", parts::or_null(group.memory_bytes)},
            {"memory_peak_bytes", parts::or_null(group.memory_peak_bytes)},
            {"io_read_bytes", parts::or_null(group.io_read_bytes)},
            {"io_written_bytes", parts::or_null(group.io_written_bytes)},
            {"pids", parts::or_null(group.pids)},
            {"oom_kills", parts::or_null(group.oom_kills)},
            {"pressure", parts::pressure(group.pressure)}};
}

json::object sockets_json(const Sockets& sockets) {
    return {{"established", sockets.established},
            {"last_received_seconds", parts::or_null(sockets.last_received_seconds)}};
}

json::object log_json(const RunnerLog& log) {
    return {{"version", parts::text_or_null(log.version)},
            {"started", parts::time_or_null(log.started)},
            {"listening", parts::time_or_null(log.listening)},
            {"contact", parts::time_or_null(log.contact)},
            {"connect_error", parts::time_or_null(log.connect_error)},
            {"connect_error_text", parts::text_or_null(log.connect_error_text)},
            {"conflict", parts::time_or_null(log.conflict)},
            {"updating", parts::time_or_null(log.updating)},
            {"unregistered", parts::time_or_null(log.unregistered)},
            {"deprecated", parts::time_or_null(log.deprecated)},
            {"removed", parts::time_or_null(log.removed)},
            {"shutdown", parts::time_or_null(log.shutdown)},
            {"listener_exit", parts::time_or_null(log.listener_exit)},
            {"listener_exit_code", parts::text_or_null(log.listener_exit_code)}};
}

json::array jobs_json(const View& view, const Runner& runner) {
    json::array jobs;
    if (const auto* judged = view.judged(runner)) {
        for (const auto& ended : judged->finished) {
            jobs.push_back(job_json(ended.job, ended.usage));
        }
    }
    return jobs;
}

json::value directories_json(const View& view, const Runner& runner) {
    if (!runner.directory_bytes.value) {
        return nullptr;
    }
    json::object bytes;
    for (const auto& [directory, size] : *runner.directory_bytes.value) {
        bytes[directory] = size;
    }
    return json::object{
        {"bytes", std::move(bytes)},
        {"age_seconds", to_seconds(view.agent.now.boot - runner.directory_bytes.taken.boot)}};
}

}  // namespace

const Runner* runner_named(const View& view, std::string_view name) {
    const auto& runners = view.runners();
    if (const auto found = std::ranges::find(runners, name, &Runner::name);
        found != runners.end()) {
        return &*found;
    }
    const auto named = [&](const Runner& runner) {
        const auto* settings = settings_of(view, runner);
        return settings != nullptr && settings->agent_name == name;
    };
    const auto first = std::ranges::find_if(runners, named);
    const bool only = first != runners.end() && std::none_of(first + 1, runners.end(), named);
    return only ? &*first : nullptr;
}

std::optional<json::object> runner_json(const Snapshot& snapshot,
                                        const AgentInfo& agent,
                                        std::string_view name) {
    const View view{.snapshot = snapshot, .agent = agent};
    const auto* runner = runner_named(view, name);
    if (runner == nullptr) {
        return std::nullopt;
    }
    auto document = runner_entry(view, *runner);
    document["time"] = rfc3339(agent.now.wall);
    document["root"] = parts::text_or_null(runner->root);
    document["managed"] = runner->managed;
    document["unit_state"] = section(view, runner->unit_state, unit_json);
    document["files"] = section(view, runner->files, files_json);
    document["directories"] = directories_json(view, *runner);
    document["processes"] = section(view, runner->processes, processes_json);
    document["cgroup"] = section(view, runner->cgroup, cgroup_json);
    document["sockets"] = section(view, runner->sockets, sockets_json);
    document["log"] = section(view, runner->log, log_json);
    document["jobs"] = jobs_json(view, *runner);
    return document;
}

}  // namespace paws::exporter
