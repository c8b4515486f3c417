# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name config exec kubeconfig listing object proxy queue queue_groups redact runner shelf store store_limits traffic trust watch)
	neofleet_test(kube ${name})
endforeach()

# On a scripted API server.
foreach(name client credentials discovery event informer lease lease_idle wipe)
	neofleet_test(kube ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/kube/reach.c ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c
		DEPS Threads::Threads)
	target_include_directories(test_kube_${name} PRIVATE kube net)
endforeach()
target_sources(test_kube_wipe PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/remains.c)
target_include_directories(test_kube_wipe PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
