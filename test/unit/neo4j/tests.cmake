# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name admin conf pluginlist token version)
	if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/neo4j/test_${name}.c)
		neofleet_test(neo4j ${name} DEPS PkgConfig::openssl)
	endif()
endforeach()
