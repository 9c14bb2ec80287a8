// Config files: agent.toml and its drop-ins become one Config, or a list of every fault in them.

#pragma once

#include "agent/config.h"
#include "core/result.h"

#include <chrono>
#include <string>
#include <vector>

namespace paws::agent {

struct Document {
    std::string name;  // as shown in faults
    std::string text;
};

// Later documents win: tables merge, scalars and arrays replace, arrays of tables append. The
// error is one line per fault, `FILE:LINE:COL: [web] 'lisen' is not a setting; ...`. Pure.
Result<Config> parse_config(const std::vector<Document>& documents);

struct LoadedConfig {
    Config config;
    std::vector<std::string> files;  // those that were read, in order
};

enum class MissingFile { is_fine, is_an_error };

// The file and `conf.d/*.toml` beside it, in byte order, and whether what [web] names is good, or
// becomes so within `patience`. Reads files: for a start or a reload.
Result<LoadedConfig> load_config(const std::string& path,
                                 MissingFile missing,
                                 std::chrono::milliseconds patience = {});

inline constexpr std::size_t config_file_limit = 256U << 10U;
inline constexpr std::size_t config_drop_ins_limit = 100;

}  // namespace paws::agent
