// The verbs, one file each: what each adds to the command line.

#pragma once

#include "pawsctl/command_line.h"

namespace paws::pawsctl {

void add_status(CommandLine& line);
void add_runners(CommandLine& line);
void add_wishes(CommandLine& line, CLI::App& runners);  // below `runners`
void add_runners_hook(CommandLine& line, CLI::App& runners);
void add_jobs(CommandLine& line);
void add_why(CommandLine& line);
void add_doctor(CommandLine& line);
void add_logs(CommandLine& line);
void add_follow(CommandLine& line, CLI::App& logs);  // below `logs`
void add_hook(CommandLine& line);
void add_config(CommandLine& line);
void add_completion(CommandLine& line);

}  // namespace paws::pawsctl
