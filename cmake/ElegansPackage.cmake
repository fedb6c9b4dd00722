# Installs the rooms and what find_package(elegans) reads.
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY ELEGANS_ROOMS)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/elegans)
install(TARGETS ${rooms} EXPORT elegansTargets ARCHIVE FILE_SET HEADERS)
install(EXPORT elegansTargets NAMESPACE elegans:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/elegansConfig.cmake.in
  ${PROJECT_BINARY_DIR}/elegansConfig.cmake INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/elegansConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/elegansConfig.cmake ${PROJECT_BINARY_DIR}/elegansConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/Findlibzip.cmake
  DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
