// Writes docs/metrics.md to standard output.

#include "exporter/metrics_doc.h"

#include <iostream>

int main() {
    std::cout << paws::exporter::metrics_doc();
}
