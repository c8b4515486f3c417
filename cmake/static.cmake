# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# For the image: a program that needs no shared library (script/lib/libraries.sh makes the archives that it is linked with).
option(NEOFLEET_STATIC "link everything into the program" OFF)
if(NEOFLEET_STATIC)
	set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
	add_compile_options(-fPIE -ffunction-sections -fdata-sections)
endif()

function(neofleet_static target)
	if(NEOFLEET_STATIC)
		# An executable with random addresses all the same. The linker warns of getaddrinfo(), which finds names without any
		# plug-in: in /etc/hosts and by DNS.
		target_link_options(${target} PRIVATE -static-pie -Wl,--gc-sections -Wl,--no-warnings)
	endif()
endfunction()
