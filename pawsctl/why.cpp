#include "core/text.h"
#include "pawsctl/display.h"
#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"
#include "pawsctl/render_why.h"
#include "pawsctl/verbs.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>

#include <boost/json/serialize.hpp>

namespace paws::pawsctl {

namespace {

using Object = boost::json::object;

constexpr const char* most_jobs = "1000";  // looked through for a name

// Those that run come first, then the newest.
std::vector<const Object*> jobs_of(const Object& document) {
    auto jobs = objects(document, "running");
    std::ranges::copy(objects(document, "jobs"), std::back_inserter(jobs));
    return jobs;
}

bool is_meant(const Object& job, const std::string& meant, bool whole) {
    const auto name = text(job, "name");
    return whole ? name == meant : name.find(meant) != std::string::npos;
}

// The newest of that name, else the newest whose name has it in it; of a run all its jobs here.
std::vector<const Object*> meant_by(const Object& document, const std::string& meant, bool run) {
    auto jobs = jobs_of(document);
    if (run) {
        return jobs;
    }
    for (const bool whole : {true, false}) {
        const auto found = std::ranges::find_if(
            jobs, [&](const auto* job) { return is_meant(*job, meant, whole); });
        if (found != jobs.end()) {
            return {*found};
        }
    }
    return {};
}

int why(const Call& call, const std::string& meant) {
    const bool run = parse_integer<std::uint64_t>(meant).has_value();
    Object arguments{{"limit", most_jobs}};
    if (run) {
        arguments["run"] = meant;
    }
    const auto asked = ask(call.address, "jobs", arguments);
    if (const auto* failure = std::get_if<Failure>(&asked)) {
        return fail(*failure);
    }
    const auto& answer = std::get<Answer>(asked);
    const auto found = meant_by(answer.result, meant, run);
    if (found.empty()) {
        complain((run ? "no job of run " : "no job '") + printable(meant) + (run ? "" : "'") +
                 " is known here; `pawsctl jobs` shows those that are" +
                 (run ? ", and runs are known since `pawsctl runners hook install`" : ""));
        return exit_usage;
    }
    if (call.json) {
        boost::json::array jobs;
        std::ranges::transform(
            found, std::back_inserter(jobs), [](const auto* job) { return *job; });
        print_json(boost::json::serialize(Object{{"version", 1}, {"jobs", std::move(jobs)}}));
        return exit_well;
    }
    for (const auto* job : found) {
        if (job != found.front()) {
            print_lines({""});
        }
        print_lines(render_why(*job, answer.result, screen_of_output()));
    }
    return exit_well;
}

}  // namespace

void add_why(CommandLine& line) {
    auto& verb =
        CommandLine::verb(line.app(), "why", "What this host saw of a job, and whose fault");
    const auto meant = std::make_shared<std::string>();
    verb.add_option("RUN|JOB", *meant, "The number of a run, or a job's name or a part of it")
        ->type_name("")
        ->required();
    line.takes_address(verb);
    line.takes_json(verb);
    verb.footer(examples({"pawsctl why 7240953180", "pawsctl why 'build (ubuntu'"}));
    line.does(verb, [meant](const Call& call) { return why(call, *meant); });
}

}  // namespace paws::pawsctl
