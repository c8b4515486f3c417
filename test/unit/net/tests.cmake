# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name frame loop h2 site)
	neofleet_test(net ${name} DEPS Threads::Threads)
endforeach()
foreach(name http server tls websocket)
	neofleet_test(net ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c DEPS Threads::Threads)
	target_include_directories(test_net_${name} PRIVATE net)
endforeach()
