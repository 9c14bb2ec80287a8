# What is done to the staged files of each package before it is packed.

# Fedora's zsh and EL's know no vendor-completions, and Debian's no site-functions.
if(CPACK_GENERATOR STREQUAL "RPM")
  set(zsh ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/zsh)
  file(RENAME ${zsh}/vendor-completions ${zsh}/site-functions)
  # Debian has the text of the licence for all packages.
  file(COPY ${CMAKE_CURRENT_LIST_DIR}/../LICENSE
    DESTINATION ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/licenses/paws-runner-agent
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endif()

# Every file's time is that of the commit, so that a package does not tell when and where it was built:
# rpmbuild clamps only times that are later.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND find ${CPACK_TEMPORARY_DIRECTORY} -exec
    touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +
    COMMAND_ERROR_IS_FATAL ANY)
endif()
