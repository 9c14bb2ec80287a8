// Config checks: which values make sense. Each returns what is wrong as the end of the sentence
// "[web] 'listen' ...", or nothing. Pure.

#pragma once

#include <chrono>
#include <string>

namespace paws::agent {

std::string check_path(const std::string& path);
std::string check_path_or_empty(const std::string& path);
std::string check_runtime_dir(const std::string& path);  // a socket's path is short (unix(7))
std::string check_environment(const std::string& name);
std::string check_listen(const std::string& address);
std::string check_journal_namespace(const std::string& name);
std::string check_runner_name(const std::string& name);
std::string check_unit_or_empty(const std::string& unit);
std::string check_word(const std::string& word);
std::string check_api_url(const std::string& url);
std::string check_app_id_or_empty(const std::string& id);
std::string check_number_or_empty(const std::string& number);
std::string check_proxy_or_empty(const std::string& proxy);
std::string check_api_interval(const std::chrono::nanoseconds& interval);
std::string check_keep(const std::chrono::nanoseconds& span);
std::string check_loki_url_or_empty(const std::string& url);
std::string check_header_word(const std::string& word);  // a tenant, a user: may be empty
std::string check_unit_pattern(const std::string& pattern);
std::string check_identifier(const std::string& identifier);
std::string check_label(const std::string& name, const std::string& value);
std::string check_rule_name(const std::string& name);
std::string check_batch_bytes(const std::uint64_t& bytes);
std::string check_batch_lines(const std::uint64_t& lines);
std::string check_batch_wait(const std::chrono::nanoseconds& wait);
std::string check_push_timeout(const std::chrono::nanoseconds& timeout);
std::string check_deadline(const std::chrono::nanoseconds& deadline);

}  // namespace paws::agent
