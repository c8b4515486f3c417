# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name jsonvalue outcome output script)
	neofleet_test(cmd ${name} DEPS m)
endforeach()
neofleet_test(cmd boltq
	SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/bolt/stage.c
	DEPS Threads::Threads)
target_compile_definitions(test_cmd_boltq PRIVATE BOLTQ="$<TARGET_FILE:boltq>")
add_dependencies(test_cmd_boltq boltq)
