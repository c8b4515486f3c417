# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# The Bolt client as a library of its own, libneobolt, static and shared, with what others need to use it: headers, a pkg-config file, a CMake
# package, manual pages; and the command boltq. cmake --install build/release --component neobolt --prefix /usr
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(neobolt_sources)
set(neobolt_base arena budget buf clock err exhausted)
foreach(name ${neobolt_base})
	list(APPEND neobolt_sources ${CMAKE_SOURCE_DIR}/base/${name}.c)
endforeach()
get_target_property(bolt_sources nf_bolt SOURCES)
foreach(source ${bolt_sources})
	list(APPEND neobolt_sources ${CMAKE_SOURCE_DIR}/bolt/${source})
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/neobolt-headers.cmake)

add_library(neobolt_objects OBJECT ${neobolt_sources})
target_include_directories(neobolt_objects PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(neobolt_objects PRIVATE neofleet_flags PkgConfig::openssl)
target_compile_definitions(neobolt_objects PRIVATE BOLT_VERSION="${NEOFLEET_VERSION}")
set_target_properties(neobolt_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)

# The headers as a program sees them, their manual pages, and one object in which nothing is seen but what they declare, by the names that they have there. So
# neither library has a name that does not begin with bolt_.
set(neobolt_public)
set(neobolt_man ${CMAKE_BINARY_DIR}/man/man3)
foreach(header ${neobolt_headers})
	get_filename_component(name ${header} NAME)
	set(out ${CMAKE_BINARY_DIR}/include/bolt/${name})
	add_custom_command(OUTPUT ${out} DEPENDS ${CMAKE_SOURCE_DIR}/${header} ${CMAKE_SOURCE_DIR}/cmake/neobolt-header.cmake ${CMAKE_SOURCE_DIR}/cmake/neobolt-man.cmake
		COMMAND ${CMAKE_COMMAND} -D IN=${CMAKE_SOURCE_DIR}/${header} -D OUT=${out} -P ${CMAKE_SOURCE_DIR}/cmake/neobolt-header.cmake
		COMMAND ${CMAKE_COMMAND} -D IN=${out} -D OUT=${neobolt_man} -P ${CMAKE_SOURCE_DIR}/cmake/neobolt-man.cmake)
	list(APPEND neobolt_public ${out})
endforeach()
add_custom_target(neobolt_headers ALL DEPENDS ${neobolt_public})
set(neobolt_names ${CMAKE_SOURCE_DIR}/cmake/neobolt.names)
set(neobolt_object ${CMAKE_BINARY_DIR}/lib/neobolt.o)
add_custom_command(OUTPUT ${neobolt_object} ${CMAKE_BINARY_DIR}/lib/neobolt-all.o DEPENDS neobolt_objects $<TARGET_OBJECTS:neobolt_objects> ${neobolt_names}
	COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${CMAKE_BINARY_DIR}/lib/neobolt-all.o $<TARGET_OBJECTS:neobolt_objects>
	COMMAND ${CMAKE_OBJCOPY} --redefine-syms=${neobolt_names} ${CMAKE_BINARY_DIR}/lib/neobolt-all.o ${neobolt_object}
	COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=bolt_* ${neobolt_object}
	COMMAND_EXPAND_LISTS)
set_source_files_properties(${neobolt_object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
# Made once, before both libraries: of Makefiles each target would make it for itself, at the same time.
add_custom_target(neobolt_object DEPENDS ${neobolt_object})

function(neobolt_library target kind)
	add_library(${target} ${kind} ${neobolt_object})
	add_library(neobolt::${target} ALIAS ${target})
	add_dependencies(${target} neobolt_headers neobolt_object)
	target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/neobolt> $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>)
	set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
	target_link_libraries(${target} PRIVATE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
	set_target_properties(${target} PROPERTIES OUTPUT_NAME neobolt LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
		ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
endfunction()

find_package(OpenSSL 3.0 REQUIRED)
neobolt_library(neobolt SHARED)
neobolt_library(neobolt_static STATIC)
# Until 1.0 a minor version may change any of it, so that programs must not find one where they were built with another (docs/bolt.md).
set(neobolt_abi ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
	set(neobolt_abi 0.${PROJECT_VERSION_MINOR})
endif()
set(neobolt_map ${CMAKE_BINARY_DIR}/lib/neobolt.map)
configure_file(${CMAKE_SOURCE_DIR}/cmake/neobolt.map.in ${neobolt_map} @ONLY)
set_target_properties(neobolt PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${neobolt_abi} LINK_DEPENDS ${neobolt_map})
target_link_options(neobolt PRIVATE -Wl,--version-script=${neobolt_map} -Wl,-z,relro,-z,now -Wl,--no-undefined)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/neobolt)
file(RELATIVE_PATH neobolt_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_SOURCE_DIR}/cmake/neobolt.pc.in ${CMAKE_BINARY_DIR}/lib/neobolt.pc @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/lib/neoboltConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS neobolt neobolt_static EXPORT neobolt COMPONENT neobolt)
install(EXPORT neobolt NAMESPACE neobolt:: FILE neoboltTargets.cmake DESTINATION ${package_dir} COMPONENT neobolt)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/neoboltConfig.cmake ${CMAKE_BINARY_DIR}/lib/neoboltConfigVersion.cmake
	DESTINATION ${package_dir} COMPONENT neobolt)
install(FILES ${CMAKE_BINARY_DIR}/lib/neobolt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT neobolt)
install(FILES ${neobolt_public} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/neobolt/bolt COMPONENT neobolt)
# Where it is built; a release has its boltq from another build, which is linked into one file.
if(TARGET boltq)
	install(TARGETS boltq COMPONENT neobolt OPTIONAL)
	install(FILES ${CMAKE_SOURCE_DIR}/docs/man/boltq.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT neobolt)
endif()
install(FILES ${CMAKE_SOURCE_DIR}/docs/man/neobolt.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT neobolt)
install(DIRECTORY ${neobolt_man}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT neobolt)

# The examples as they stand in the tree, with the library that a program gets; test/package/check builds them against what is installed.
foreach(name query stream eventloop)
	add_executable(example_${name} ${CMAKE_SOURCE_DIR}/examples/${name}.c)
	target_link_libraries(example_${name} PRIVATE neobolt_static)
endforeach()
