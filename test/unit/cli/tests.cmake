# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name board cel conversion draft gate invocation journey line_diff report schema timespan yaml)
	neofleet_test(cli ${name})
endforeach()

# On a scripted API server.
foreach(name bundle cypher page transcripts watch_status)
	neofleet_test(cli ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/cli/transcript.c ${CMAKE_CURRENT_SOURCE_DIR}/cli/apiserver.c
		${CMAKE_CURRENT_SOURCE_DIR}/cli/node.c ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c DEPS PkgConfig::openssl Threads::Threads)
	target_include_directories(test_cli_${name} PRIVATE cli net)
endforeach()
target_sources(test_cli_cypher PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/peer.c)
