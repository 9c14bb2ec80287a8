#include "exporter/page.h"

#include <algorithm>
#include <array>

#include <page_text.h>  // made from page/text.h.in

namespace paws::exporter {

namespace {

constexpr std::array files{
    PageFile{"/", "text/html; charset=utf-8", status_html},
    PageFile{"/status.css", "text/css; charset=utf-8", status_css},
    PageFile{"/status.js", "text/javascript; charset=utf-8", status_js},
};

}  // namespace

const PageFile* page_file(std::string_view path) {
    const auto* const found = std::ranges::find(files, path, &PageFile::path);
    return found != files.end() ? found : nullptr;
}

}  // namespace paws::exporter
