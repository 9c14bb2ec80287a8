#include "exporter/status_json.h"

#include "core/names.h"
#include "exporter/json_parts.h"
#include "exporter/logs_json.h"
#include "exporter/runner_entry.h"
#include "exporter/runner_view.h"

#include <boost/json/array.hpp>

namespace paws::exporter {

namespace json = boost::json;

namespace {

json::value load(const View& view) {
    const auto* load = view.fresh(view.host().load);
    if (load == nullptr) {
        return nullptr;
    }
    return json::object{{"one", load->one}, {"five", load->five}, {"fifteen", load->fifteen}};
}

json::value memory(const View& view) {
    const auto* memory = view.fresh(view.host().memory);
    if (memory == nullptr) {
        return nullptr;
    }
    return json::object{{"total_bytes", memory->total_bytes},
                        {"available_bytes", memory->available_bytes},
                        {"swap_total_bytes", memory->swap_total_bytes},
                        {"swap_free_bytes", memory->swap_free_bytes}};
}

json::object filesystem(const View& view, const Filesystem& one) {
    json::object entry{{"mountpoint", parts::text(one.mountpoint)},
                       {"device", parts::text(one.device)},
                       {"fstype", parts::text(one.fstype)},
                       {"read_only", one.read_only},
                       {"size_bytes", nullptr},
                       {"avail_bytes", nullptr},
                       {"files", nullptr},
                       {"files_free", nullptr},
                       {"full_in_seconds", nullptr},
                       {"error", parts::text_or_null(one.error)}};
    if (one.usage) {
        entry["size_bytes"] = one.usage->size_bytes;
        entry["avail_bytes"] = one.usage->avail_bytes;
        if (one.usage->files != 0) {
            entry["files"] = one.usage->files;
            entry["files_free"] = one.usage->files_free;
        }
    }
    const auto& forecasts = view.snapshot.judged.host.full_in_seconds;
    if (const auto forecast = forecasts.find(one.mountpoint); forecast != forecasts.end()) {
        entry["full_in_seconds"] = forecast->second;
    }
    return entry;
}

json::value filesystems(const View& view) {
    const auto* all = view.fresh(view.host().filesystems);
    if (all == nullptr) {
        return nullptr;
    }
    json::array list;
    for (const auto& one : *all) {
        list.push_back(filesystem(view, one));
    }
    return list;
}

json::value clock(const View& view) {
    const auto* clock = view.fresh(view.host().clock);
    const auto behind =
        view.outdated ? std::nullopt : view.snapshot.judged.host.clock_behind_github_seconds;
    if (clock == nullptr && !behind) {
        return nullptr;
    }
    return json::object{
        {"synchronised", clock != nullptr ? json::value(clock->synchronised) : nullptr},
        {"offset_seconds", clock != nullptr ? json::value(clock->offset_seconds) : nullptr},
        {"behind_github_seconds", parts::or_null(behind)}};
}

json::object host_json(const View& view) {
    const auto& judged = view.snapshot.judged.host;
    const auto* cpu = view.fresh(view.host().cpu);
    const auto* stalls = view.fresh(view.host().pressure);
    const auto* boot = view.fresh(view.host().boot);
    const auto* kills = view.fresh(view.host().oom_kills);
    json::object host;
    host["name"] = parts::text(view.agent.hostname);
    host["health"] = to_string(view.outdated ? Health::unknown : judged.health);
    host["problems"] = view.outdated ? json::array{} : parts::words(judged.problems.found);
    host["cpus"] = cpu != nullptr ? json::value(cpu->cpus) : nullptr;
    host["cpu_busy"] = view.outdated ? nullptr : parts::or_null(judged.cpu_busy);
    host["load"] = load(view);
    host["memory"] = memory(view);
    host["pressure"] = stalls != nullptr ? parts::pressure(*stalls) : nullptr;
    host["oom_kills"] = kills != nullptr ? json::value(*kills) : nullptr;
    host["filesystems"] = filesystems(view);
    host["boot"] = boot != nullptr ? json::value(rfc3339(*boot)) : nullptr;
    host["clock"] = clock(view);
    return host;
}

json::value github_api_json(const View& view) {
    const auto& api = view.snapshot.facts.github_api;
    if (!api) {
        return nullptr;
    }
    json::object described;
    described["answered"] =
        parts::time_or_null(api->answered ? std::optional{api->answered->wall} : std::nullopt);
    described["error"] = parts::text_or_null(api->error);
    described["requests_left"] = parts::or_null(api->requests_left);
    return described;
}

json::object agent_json(const View& view) {
    json::array collectors;
    for (const auto& report : view.snapshot.collectors) {
        collectors.push_back(json::object{{"name", parts::text(report.name)},
                                          {"success", report.success},
                                          {"duration_seconds", to_seconds(report.duration)},
                                          {"error", parts::text_or_null(report.error)}});
    }
    json::object agent;
    agent["version"] = view.agent.version;
    agent["revision"] = view.agent.revision;
    agent["pid"] = view.agent.pid;
    agent["started"] = parts::time_or_null(view.agent.process.started);
    agent["snapshot_age_seconds"] = to_seconds(view.agent.now.boot - view.snapshot.taken.boot);
    agent["collectors"] = std::move(collectors);
    agent["github_api"] = github_api_json(view);
    agent["logs"] = shipping_json(view.snapshot, view.agent);
    agent["config_file"] = parts::text_or_null(view.agent.config_file);
    agent["config_reload_successful"] = view.snapshot.config_reload_successful;
    return agent;
}

// The last few, oldest first.
json::array finished_jobs(const RunnerJudgement* judged) {
    json::array jobs;
    if (judged != nullptr) {
        for (const auto& ended : judged->finished) {
            jobs.push_back(job_json(ended));
        }
    }
    return jobs;
}

json::array runner_entries(const View& view) {
    json::array runners;
    for (const auto& runner : view.runners()) {
        runners.push_back(runner_entry(view, runner));
    }
    return runners;
}

std::string_view agent_name(const View& view, const Runner& runner) {
    const auto* settings = settings_of(view, runner);
    return settings != nullptr ? std::string_view{settings->agent_name} : std::string_view{};
}

json::object wish_json(const Wish& wish) {
    return {{"kind", wish.kind == WishKind::hold ? "hold" : "drain"},
            {"asked", rfc3339(wish.asked)},
            {"until", parts::time_or_null(wish.until)},
            {"note", parts::text_or_null(wish.note)},
            {"by", parts::text_or_null(wish.by)},
            {"trouble", parts::text_or_null(wish.trouble)}};
}

}  // namespace

json::object runner_entry(const View& view, const Runner& runner) {
    const auto* judged = view.judged(runner);
    const auto* log = view.fresh(runner.log);
    const auto* settings = settings_of(view, runner);
    json::object entry;
    entry["name"] = parts::text(runner.name);
    entry["agent_name"] = parts::text_or_null(agent_name(view, runner));
    entry["unit"] = parts::text_or_null(runner.unit);
    entry["scope"] = parts::text_or_null(settings != nullptr ? scope_of(settings->github_url) : "");
    entry["version"] = parts::text_or_null(version_of(view, runner));
    entry["state"] = to_string(view.state(runner));
    entry["since"] = nullptr;
    entry["reason"] = "nothing was judged for more than 30 s: see the agent's log";
    entry["health"] = to_string(view.health(runner));
    entry["problems"] = json::array{};
    entry["blame"] = nullptr;
    entry["hung_signs"] = json::array{};
    entry["wish"] = runner.wish ? json::value(wish_json(*runner.wish)) : nullptr;
    entry["last_contact"] = nullptr;
    entry["evidence"] = json::array{};
    if (judged != nullptr) {
        const bool dated = judged->since != WallTime{};
        entry["since"] = dated ? json::value(rfc3339(judged->since)) : nullptr;
        entry["reason"] = parts::text(judged->reason);
        entry["problems"] = parts::words(judged->problems.found);
        entry["blame"] = judged->blame ? json::value(to_string(*judged->blame)) : nullptr;
        entry["hung_signs"] = parts::words(judged->signs);
        entry["last_contact"] = parts::time_or_null(judged->last_contact);
        auto& evidence = entry["evidence"].as_array();
        for (const auto& each : judged->evidence) {
            evidence.push_back(json::object{{"fact", parts::text(each.fact)},
                                            {"value", parts::text(each.value)},
                                            {"age_seconds", parts::or_null(each.age_seconds)}});
        }
    }
    entry["job"] = nullptr;
    if (log != nullptr && log->job) {
        entry["job"] = job_json(
            {.job = *log->job,
             .usage = judged != nullptr ? judged->job_usage.value_or(JobUsage{}) : JobUsage{},
             .verdict = {}});
    }
    entry["jobs"] = finished_jobs(judged);
    return entry;
}

json::object status_json(const Snapshot& snapshot, const AgentInfo& agent) {
    const View view{.snapshot = snapshot, .agent = agent};
    json::object status;
    status["version"] = 1;
    status["time"] = rfc3339(agent.now.wall);
    status["host"] = host_json(view);
    status["agent"] = agent_json(view);
    status["runners"] = runner_entries(view);
    return status;
}

json::object runners_json(const Snapshot& snapshot, const AgentInfo& agent) {
    const View view{.snapshot = snapshot, .agent = agent};
    return {{"version", 1}, {"time", rfc3339(agent.now.wall)}, {"runners", runner_entries(view)}};
}

}  // namespace paws::exporter
