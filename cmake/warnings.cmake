# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
add_library(neofleet_flags INTERFACE)
target_compile_definitions(neofleet_flags INTERFACE _GNU_SOURCE)
target_compile_options(neofleet_flags INTERFACE
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wcast-qual -Wimplicit-fallthrough
	# Assertions are part of the program in every kind of build.
	-UNDEBUG
	-fno-common -fstack-protector-strong -fno-strict-aliasing
	# Reading a statement expression as one value is what steal_ptr() is for. clang does not read the comments that mark
	# fall-through, and uthash's macros fall through in our files; gcc looks after it.
	$<$<C_COMPILER_ID:Clang>:-Wno-gnu-statement-expression;-Wno-implicit-fallthrough>)
target_link_options(neofleet_flags INTERFACE -Wl,-z,relro,-z,now)
