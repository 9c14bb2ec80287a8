// Diagnose logs: whether what is to be shipped to Loki gets there. Pure.

#pragma once

#include "pawsctl/diagnosis.h"

#include <optional>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// `logs` is the agent's document of that verb. Nothing where no logs are to be shipped.
std::optional<Examined> diagnose_logs(const boost::json::object& logs);

}  // namespace paws::pawsctl
