// Page: the files of the status page (exporter/page/), which are part of the program.

#pragma once

#include <string_view>

namespace paws::exporter {

struct PageFile {
    std::string_view path;  // as it is asked for
    std::string_view content_type;
    std::string_view text;
};

// Null when there is none at this path.
const PageFile* page_file(std::string_view path);

}  // namespace paws::exporter
