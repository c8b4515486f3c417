# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name conf conf_image conf_metrics conf_sharding conf_types old_names pluginlist scrub token version)
	neofleet_test(neo4j ${name} DEPS PkgConfig::openssl)
endforeach()
foreach(name admin admin_size)
	neofleet_test(neo4j ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/peer.c DEPS PkgConfig::openssl Threads::Threads)
endforeach()
