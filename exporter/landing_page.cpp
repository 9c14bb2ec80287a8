#include "exporter/landing_page.h"

#include "core/text.h"

#include <string_view>

namespace paws::exporter {

namespace {

std::string html(std::string_view text) {
    std::string escaped;
    for (const char byte : printable(text)) {
        switch (byte) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += byte;
        }
    }
    return escaped;
}

}  // namespace

std::string landing_page(const AgentInfo& agent) {
    const auto host = html(agent.hostname);
    std::string page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";
    page += host + " - paws-agent</title>\n</head>\n<body>\n<h1>" + host + "</h1>\n<p>paws-agent " +
            html(agent.version) + " (" + html(agent.revision) + "), environment " +
            html(agent.environment) + "</p>\n";
    page += R"(<ul>
<li><a href="/api/v1/status">/api/v1/status</a>: this host and its runners, as JSON</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/-/healthy">/-/healthy</a>: the agent is alive</li>
<li><a href="/-/ready">/-/ready</a>: it has collected once</li>
</ul>
<p>On the host, <code>pawsctl status</code> shows the same on one screen.</p>
</body>
</html>
)";
    return page;
}

}  // namespace paws::exporter
