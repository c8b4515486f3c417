# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name board conversion draft gate invocation journey line_diff report schema timespan yaml)
	neofleet_test(cli ${name})
endforeach()

# On a scripted API server.
foreach(name bundle page transcripts watch_status)
	neofleet_test(cli ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/cli/transcript.c ${CMAKE_CURRENT_SOURCE_DIR}/cli/apiserver.c
		${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c DEPS Threads::Threads)
	target_include_directories(test_cli_${name} PRIVATE cli net)
endforeach()
