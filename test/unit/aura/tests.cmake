# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name answer bearers pace)
	neofleet_test(aura ${name} DEPS Threads::Threads)
endforeach()

# On a scripted Aura API.
neofleet_test(aura aura_client SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c DEPS Threads::Threads)
target_include_directories(test_aura_aura_client PRIVATE net)
