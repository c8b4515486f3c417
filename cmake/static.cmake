# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# For the image: a program that needs no shared library (script/lib/libraries.sh makes the archives that it is linked with).
option(NEOFLEET_STATIC "link everything into the program" OFF)
if(NEOFLEET_STATIC)
	set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
	add_compile_options(-fPIE -ffunction-sections -fdata-sections)
	# A static glibc relocates itself; it reads a bitmap of relocations from 2.36 on.
	include(CheckCSourceCompiles)
	check_c_source_compiles("#include <features.h>
#if !__GLIBC_PREREQ(2, 36)
#error it does not
#endif
int main(void) { return 0; }" STARTS_WITH_RELR)
endif()

# A library that pkg-config knows. Where its archive is not there, CMake leaves the choice to the linker, which takes the shared one, and the program
# ends by a signal when it starts.
macro(neofleet_library name module)
	pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
	if(NEOFLEET_STATIC)
		list(GET ${name}_LIBRARIES 0 own)
		if(NOT pkgcfg_lib_${name}_${own})
			message(FATAL_ERROR "${module} has no archive (lib${own}.a) to be linked into the program. script/image makes the archives and builds with them: use it in place of script/build image.")
		endif()
	endif()
endmacro()

function(neofleet_static target)
	if(NEOFLEET_STATIC)
		# An executable with random addresses all the same. The linker warns of getaddrinfo(), which finds names without any
		# plug-in: in /etc/hosts and by DNS.
		target_link_options(${target} PRIVATE -static-pie -Wl,--gc-sections -Wl,--no-warnings)
		# The table of relocations as a bitmap: half a megabyte less to read at each start. A linker that cannot does without.
		if(STARTS_WITH_RELR)
			target_link_options(${target} PRIVATE -Wl,-z,pack-relative-relocs)
		endif()
	endif()
endfunction()
