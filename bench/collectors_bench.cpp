// What one round of each collector costs on this host: where a scrape's time goes.

#include "collectors/all.h"
#include "platform/root_fs.h"
#include "platform/system_clock.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

namespace {

// Each collector sees the facts that the ones before it in the list found.
paws::Facts first_look(const std::vector<paws::collectors::Source>& sources) {
    paws::Facts facts;
    for (const auto& source : sources) {
        if (const auto fill = source.collector->collect(facts, paws::platform::now())) {
            (*fill)(facts);
        }
    }
    return facts;
}

void collect(benchmark::State& state,
             paws::collectors::Collector& collector,
             const paws::Facts& seen) {
    while (state.KeepRunning()) {
        // A round of its own each time: collectors share what they read within one.
        auto fill = collector.collect(seen, paws::platform::now());
        benchmark::DoNotOptimize(fill);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto root = paws::platform::RootFs::open("/");
    if (!root) {
        return EXIT_FAILURE;
    }
    const auto sources = paws::collectors::all(paws::collectors::Options{.root = *root});
    const auto seen = first_look(sources);
    for (const auto& source : sources) {
        benchmark::RegisterBenchmark(
            std::string{source.collector->name()}.c_str(),
            [&](benchmark::State& state) { collect(state, *source.collector, seen); })
            ->MeasureProcessCPUTime()
            ->Unit(benchmark::kMicrosecond);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return EXIT_SUCCESS;
}
