# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name answer bearers pace)
	neofleet_test(aura ${name} DEPS Threads::Threads)
endforeach()

# On a scripted Aura API.
foreach(name aura_client wiped)
	neofleet_test(aura ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c DEPS Threads::Threads)
	target_include_directories(test_aura_${name} PRIVATE net)
endforeach()
target_sources(test_aura_wiped PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/remains.c)
target_include_directories(test_aura_wiped PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
