# What `--version` says of the source: PAWS_REVISION from outside (a package build), or git's.
set(PAWS_REVISION "$ENV{PAWS_REVISION}" CACHE STRING "Revision of the source")
set(paws_revision "${PAWS_REVISION}")
if(NOT paws_revision)
  execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    OUTPUT_VARIABLE paws_revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # Git writes there whenever HEAD moves: the next build asks it again.
  execute_process(COMMAND git rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    OUTPUT_VARIABLE paws_git_log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  cmake_path(ABSOLUTE_PATH paws_git_log BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(paws_revision AND EXISTS ${paws_git_log})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${paws_git_log})
  endif()
endif()
if(NOT paws_revision)
  set(paws_revision unknown)
endif()

# paws_version(<file>): gives the one source file PAWS_VERSION and PAWS_REVISION.
function(paws_version file)
  set_source_files_properties(${file} PROPERTIES COMPILE_DEFINITIONS
    "PAWS_VERSION=\"${PROJECT_VERSION}\";PAWS_REVISION=\"${paws_revision}\"")
endfunction()
