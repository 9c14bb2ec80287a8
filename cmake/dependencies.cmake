# Third-party libraries, each by its package's own target. Debian's names stand in ./dev. One package is to
# run on several distributions, so what not all of them have, or have of one ABI, is compiled in: as headers
# alone or from a static library (docs/adr/0015-one-package-for-many-hosts.md).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(SQLiteCpp CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
find_library(RE2 libre2.a REQUIRED)
find_library(SNAPPY libsnappy.a REQUIRED)
find_path(PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)  # headers alone, in the system's place

# Its headers once, instead of in each file that includes them.
file(CONFIGURE OUTPUT tomlplusplus.cpp CONTENT "#define TOML_IMPLEMENTATION\n#include <toml++/toml.h>\n")
add_library(paws_tomlplusplus STATIC ${PROJECT_BINARY_DIR}/tomlplusplus.cpp)
add_library(paws::tomlplusplus ALIAS paws_tomlplusplus)
target_compile_features(paws_tomlplusplus PUBLIC cxx_std_20)
target_compile_definitions(paws_tomlplusplus PUBLIC TOML_HEADER_ONLY=0)
target_include_directories(paws_tomlplusplus SYSTEM PUBLIC ${TOMLPLUSPLUS_INCLUDE})

# Debian's civetweb crashes on every TLS connection; ./dev builds the same source with other flags
# (docs/adr/0004-civetweb-from-source.md).
set(PAWS_DEPS ${PROJECT_SOURCE_DIR}/build/deps CACHE PATH "Where ./dev puts what it builds")
find_path(CIVETWEB_INCLUDE CivetServer.h PATHS ${PAWS_DEPS}/civetweb/include NO_DEFAULT_PATH REQUIRED)
find_library(CIVETWEB_CPP civetweb-cpp PATHS ${PAWS_DEPS}/civetweb/lib NO_DEFAULT_PATH REQUIRED)
find_library(CIVETWEB civetweb PATHS ${PAWS_DEPS}/civetweb/lib NO_DEFAULT_PATH REQUIRED)
add_library(paws_civetweb INTERFACE)
add_library(paws::civetweb ALIAS paws_civetweb)
target_include_directories(paws_civetweb SYSTEM INTERFACE ${CIVETWEB_INCLUDE})
target_link_libraries(paws_civetweb INTERFACE ${CIVETWEB_CPP} ${CIVETWEB} OpenSSL::SSL OpenSSL::Crypto
  ZLIB::ZLIB Threads::Threads ${CMAKE_DL_LIBS})

if(BUILD_TESTING)
  find_package(doctest CONFIG REQUIRED)
  include(doctest)
endif()
