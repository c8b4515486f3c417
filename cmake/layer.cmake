# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# A layer is a static library of the folder it stands in. DEPS are the layers and libraries it may use;
# script/check-layers proves that its includes keep to the same list.
function(neofleet_layer name)
	cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
	add_library(nf_${name} STATIC ${arg_SOURCES})
	target_include_directories(nf_${name} PUBLIC ${CMAKE_SOURCE_DIR})
	target_link_libraries(nf_${name} PUBLIC ${arg_DEPS} neofleet_flags)
endfunction()
