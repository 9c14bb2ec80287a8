# What every binary is built with, beside warnings. Sanitizers come in place of _FORTIFY_SOURCE.
set(PAWS_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
if(PAWS_SANITIZE)
  # Built with -Og -g1 (CMakePresets.json), so that traces keep their lines; the tests: tests/CMakeLists.txt.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_compile_options(-fsanitize=${PAWS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PAWS_SANITIZE})
  if(PAWS_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)  # coverage of the rooms, for libFuzzer to steer by
  endif()
  if(PAWS_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences: g++ 12 warns that TSan does not model them
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=3 _GLIBCXX_ASSERTIONS)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_link_options(LINKER:-z,relro,-z,now LINKER:--as-needed)
endif()
include(CheckPIESupported)
check_pie_supported()
