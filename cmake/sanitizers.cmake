# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
set(NEOFLEET_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined or thread")
if(NEOFLEET_SANITIZE)
	add_compile_options(-fsanitize=${NEOFLEET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=${NEOFLEET_SANITIZE})
endif()
option(NEOFLEET_FUZZ "build the libFuzzer targets (clang)" OFF)
if(NEOFLEET_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
