# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
option(NEOFLEET_FAULTS "let the environment make the process die at a named step (base/fault.h)" OFF)
if(NEOFLEET_FAULTS)
	if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
		message(FATAL_ERROR "NEOFLEET_FAULTS is for debug builds only")
	endif()
	target_compile_definitions(neofleet_flags INTERFACE NEOFLEET_FAULTS)
endif()

# Fails the build of a program that can be told to die, unless it was asked for.
function(neofleet_without_faults target)
	if(NOT NEOFLEET_FAULTS)
		add_custom_command(TARGET ${target} POST_BUILD
			COMMAND sh -c "! grep -q NEOFLEET_FAULT \"$1\" || { echo 'faults are compiled in'; rm -f \"$1\"; exit 1; }"
				sh $<TARGET_FILE:${target}> VERBATIM)
	endif()
endfunction()
