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

// What a privileged look told, where the agent may not look itself.
json::object inspection_json(const Inspection& inspection) {
    json::array programs;
    for (const auto& [pid, path] : inspection.programs) {
        programs.push_back(json::object{{"pid", pid}, {"path", parts::text(path)}});
    }
    return {{"programs", std::move(programs)}};
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

// Null: not known. Its job is null where none waits.
json::value waiting_json(const View& view, const Runner& runner) {
    const auto* waiting = fresh(runner.waiting, view.snapshot.taken, network_fresh_for);
    if (waiting == nullptr) {
        return nullptr;
    }
    json::value job = nullptr;
    if (const auto& longest = waiting->longest) {
        job = json::object{{"run_id", longest->run_id},
                           {"name", parts::text(longest->name)},
                           {"seconds", longest->seconds}};
    }
    return json::object{{"job", std::move(job)}};
}

// Asked for once a minute: worth showing at a greater age than what the kernel says.
json::value github_json(const View& view, const Runner& runner) {
    const auto* api =
        view.outdated ? nullptr : fresh(runner.api, view.snapshot.taken, network_fresh_for);
    if (api == nullptr) {
        return nullptr;
    }
    json::array labels;
    for (const auto& label : api->labels) {
        labels.push_back(parts::text(label));
    }
    return json::object{{"registration", to_string(api->registration)},
                        {"busy", api->busy},
                        {"labels", std::move(labels)},
                        {"waiting", waiting_json(view, runner)},
                        {"age_seconds", to_seconds(view.agent.now.boot - runner.api.taken.boot)}};
}

json::object trace_json(const RunnerTrace& trace) {
    return {{"lease_renewed", parts::time_or_null(trace.lease_renewed)},
            {"renewal_failed", parts::time_or_null(trace.renewal_failed)},
            {"lease_lost", parts::time_or_null(trace.lease_lost)},
            {"worker_ended", parts::time_or_null(trace.worker_ended)},
            {"worker_exit_code", parts::text_or_null(trace.worker_exit_code)},
            {"backs_off", parts::time_or_null(trace.backs_off)},
            {"listener_ended", parts::time_or_null(trace.listener_ended)},
            {"listener_exit_code", parts::text_or_null(trace.listener_exit_code)},
            {"error", parts::text_or_null(trace.error)}};
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

std::optional<json::object> runner_json(const Snapshot& snapshot,
                                        const AgentInfo& agent,
                                        std::string_view name) {
    const View view{.snapshot = snapshot, .agent = agent};
    const auto* runner = runner_meant(snapshot.facts, name);
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
    document["inspection"] = section(view, runner->inspection, inspection_json);
    document["processes"] = section(view, runner->processes, processes_json);
    document["cgroup"] = section(view, runner->cgroup, cgroup_json);
    document["sockets"] = section(view, runner->sockets, sockets_json);
    document["github"] = github_json(view, *runner);
    document["log"] = section(view, runner->log, log_json);
    document["trace"] = section(view, runner->trace, trace_json);
    return document;
}

}  // namespace paws::exporter
