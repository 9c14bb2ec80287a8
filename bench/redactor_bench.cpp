// What a line costs on its way through redaction: ordinary ones, which are most; those with words
// that have rules look closer; those with secrets. A line has about a hundred bytes.

#include "forwarder/redactor.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

using Lines = std::vector<std::string>;

const Lines ordinary = {
    "2024-06-03T08:14:22.1042311Z Download action repository 'actions/checkout@v4' (11bd71901bb)",
    "[2024-06-03 08:14:22Z INFO HostContext] Well known directory 'Bin': '/opt/runner/bin.2.317'",
    "Jun 03 08:14:22 host systemd[1]: Started session-12.scope - Session 12 of User runner, again",
    "#12 [build 4/7] RUN apt-get update && apt-get install -y --no-install-recommends gcc make",
    "kubelet[812]: I0603 08:14:22.000000 812 reconciler.go:224] VerifyControllerAttachedVolume ok",
    "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory. Please.",
    "Compiling serde_derive v1.0.197 (/home/runner/.cargo/registry/src/index.example.org-6f17d22b)",
    R"(10.0.0.1 - - [03/Jun/2024:08:14:22 +0000] "GET /healthz HTTP/1.1" 200 612 "-" "probe/1.29")"};
const Lines addresses = {
    "Get:1 http://mirror.example.org/debian bookworm/main amd64 libre2-9 amd64 20220601+dfsg-1 "
    "[149 "
    "kB]",
    "Collecting cryptography, downloading https://files.pythonhosted.org/cryptography-42.0.7.whl",
    "go: downloading https://proxy.golang.org/github.com/google/go-github/v57/@v/v57.0.0.zip, "
    "wait"};
const Lines words = {
    "2024-06-03T08:14:22.1042311Z the access token is about to expire in 300 seconds, hold on "
    "please",
    "pam_unix(sshd:auth): no password supplied; logname= uid=0 euid=0 tty=ssh rhost=203.0.113.7 ok",
    "MountVolume.SetUp failed for volume 'tls' : secret 'web-tls' not found, giving up after 5 "
    "times"};
const Lines secrets = {
    std::string{"2024-06-03T08:14:22.1Z env GITHUB_TOKEN=gh"}.append(
        "p_abcdefghijklmnopqrstuvwxyz0123456789 for step 3"),
    "fatal: unable to access 'https://bot:hunter2@git.example.com/infra.git/': no route to the "
    "host",
    R"({"level":"debug","user":"admin","password":"hunter2","msg":"connecting to the database db"})"};

void redact(benchmark::State& state, const Lines& lines, bool own_rules) {
    using namespace paws::forwarder;
    auto redactor =
        Redactor::create(own_rules ? std::vector<RedactionRule>{{"badge", "\\bB-[0-9]{6}\\b"},
                                                                {"customer", "customer=(\\S+)"}}
                                   : std::vector<RedactionRule>{});
    if (!redactor) {
        std::abort();
    }
    OpenKey open;
    std::size_t at = 0;
    std::size_t bytes = 0;
    while (state.KeepRunning()) {
        const auto& line = lines[at];
        benchmark::DoNotOptimize(redactor->redact(line, open));
        bytes += line.size();
        at = at + 1 == lines.size() ? 0 : at + 1;
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

Lines long_line(const std::string& piece) {
    std::string line;
    while (line.size() < 1U << 20U) {
        line += piece;
    }
    return {line};
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::pair<const char*, Lines>> cases = {
        {"ordinary", ordinary},
        {"with an address", addresses},
        {"with a word", words},
        {"with a secret", secrets},
        {"1 MiB of aaaa", long_line("a")},
        {"1 MiB of eyJeyJ", long_line("eyJ")},
        {"1 MiB of password=password=", long_line("password=")},
        {"1 MiB of ://://", long_line("://")},
        {"1 MiB of secrets", long_line("password=hunter2&")}};
    for (const auto& [name, lines] : cases) {
        benchmark::RegisterBenchmark(name, redact, lines, false);
    }
    benchmark::RegisterBenchmark("ordinary, two rules of one's own", redact, ordinary, true);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return EXIT_SUCCESS;
}
