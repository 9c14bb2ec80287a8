// What packaging/deps/civetweb/external_log_access.inl adds to our build of civetweb.

#pragma once

extern "C" {

struct mg_connection;
struct mg_context;

// The socket of the connection that this thread serves.
int paws_civetweb_socket(const struct mg_connection* connection);

// The `at`th listening socket, -1 behind the last.
int paws_civetweb_listener(const struct mg_context* context, unsigned at);
}
