/* civetweb compiles this file in place of its access log (MG_EXTERNAL_FUNCTION_log_access), which is
 * its own way to be extended. We keep no access log, and need what its interface leaves out: the
 * sockets, so that one client that is slow to ask cannot keep a thread from the others, and so that
 * the server stops at once. Declared in exporter/civetweb_sockets.h. */

static void
log_access(const struct mg_connection *conn)
{
	(void)conn;
}

int
paws_civetweb_socket(const struct mg_connection *conn)
{
	return conn->client.sock;
}

/* -1 when there are no more than `at` of them. */
int
paws_civetweb_listener(const struct mg_context *ctx, unsigned at)
{
	return at < ctx->num_listening_sockets ? ctx->listening_sockets[at].sock : -1;
}
