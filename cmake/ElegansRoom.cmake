# elegans_room(NAME ROOMS … LINK … LINK_PRIVATE …)
# One room is one static library `elegans_NAME` (alias elegans::NAME) from every source under src/NAME.
function(elegans_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LINK;LINK_PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
  add_library(elegans_${name} STATIC ${sources})
  add_library(elegans::${name} ALIAS elegans_${name})
  set_target_properties(elegans_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(elegans_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(elegans_${name} PUBLIC cxx_std_20)
  foreach(below IN LISTS ROOM_ROOMS)
    target_link_libraries(elegans_${name} PUBLIC elegans_${below})
  endforeach()
  target_link_libraries(elegans_${name} PUBLIC ${ROOM_LINK} PRIVATE ${ROOM_LINK_PRIVATE} $<BUILD_INTERFACE:elegans_build_options>)
  set_property(GLOBAL APPEND PROPERTY ELEGANS_ROOMS elegans_${name})
endfunction()
