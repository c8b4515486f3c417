# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name adoption belongs tls_secret plugin_claims admin_secret drift failed_create gates inventory gather golden key last_words login_bars connection_watch retry phase plugin_phase pod pod_owned readiness reason roll roll_cause roster scale scale_order scale_mend scale_size stall
	     status survey survey_pace survey_size entry_trial token_follow troubles twins volume_loss workload)
	neofleet_test(operator ${name} DEPS Threads::Threads)
endforeach()
foreach(name access_limits adopted_token followed_token registration_exchange)
	neofleet_test(operator ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/peer.c DEPS PkgConfig::openssl Threads::Threads)
endforeach()
foreach(name apply confirmation context exposition secret_cache metrics publish)
	neofleet_test(operator ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/kube/reach.c ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c
		DEPS Threads::Threads)
	target_include_directories(test_operator_${name} PRIVATE kube net)
endforeach()

foreach(name cluster_steps token_expiry plain_login query quoted_password registration_attempt)
	neofleet_test(operator ${name} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/kube/reach.c ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c
		${CMAKE_CURRENT_SOURCE_DIR}/peer.c DEPS PkgConfig::openssl Threads::Threads)
	target_include_directories(test_operator_${name} PRIVATE kube net operator)
endforeach()

# Against a scripted API server that keeps objects, and a scripted Neo4j.
set(support ${CMAKE_CURRENT_SOURCE_DIR}/operator/support)
add_library(test_operator_support OBJECT ${support}/archive.c ${support}/controller.c ${support}/kubernetes.c ${support}/neo4j_server.c ${support}/scene.c
	${CMAKE_CURRENT_SOURCE_DIR}/kube/reach.c ${CMAKE_CURRENT_SOURCE_DIR}/net/actor.c ${CMAKE_CURRENT_SOURCE_DIR}/peer.c)
target_link_libraries(test_operator_support PRIVATE nf_operator PkgConfig::openssl Threads::Threads PkgConfig::cmocka)
target_compile_options(test_operator_support PRIVATE -UNDEBUG)
target_include_directories(test_operator_support PRIVATE kube net operator)
foreach(name apply_writes creation end_log follow_passes gather_secrets plugin_entry reconcile_dbms reconcile_plugin registration_faults server_login standalone_lists vouching wiring)
	neofleet_test(operator ${name} SOURCES $<TARGET_OBJECTS:test_operator_support> DEPS PkgConfig::openssl Threads::Threads)
	target_include_directories(test_operator_${name} PRIVATE kube net operator)
	target_link_options(test_operator_${name} PRIVATE -Wl,--wrap=clock_gettime)
endforeach()
set_tests_properties(operator/reconcile_dbms PROPERTIES TIMEOUT 300) # some hundred deployments, one after the other

neofleet_test(operator first_password)
neofleet_test(operator verdicts DEPS PkgConfig::openssl)

# A simulated cluster under the deciding functions.
set(sim ${CMAKE_CURRENT_SOURCE_DIR}/operator/sim)
neofleet_test(operator sim SOURCES ${sim}/incident.c ${sim}/glimpse.c ${sim}/history.c ${sim}/operator.c ${sim}/realm.c ${sim}/rule.c ${sim}/world.c
	DEPS Threads::Threads)
target_include_directories(test_operator_sim PRIVATE operator)

# The steps to a deployment in Aura, on an API server that is a table and an Aura API within the process.
neofleet_test(operator provision_crowd SOURCES ${support}/aura_service.c ${support}/crowd.c DEPS Threads::Threads)
target_include_directories(test_operator_provision_crowd PRIVATE operator)
target_link_options(test_operator_provision_crowd PRIVATE -Wl,--wrap=clock_gettime,--wrap=http_perform,--wrap=kube_patch,--wrap=kube_get,--wrap=kube_get_secret,--wrap=kube_create_secret,--wrap=kube_apply)

neofleet_test(operator provision_passes SOURCES ${support}/aura_service.c $<TARGET_OBJECTS:test_operator_support> DEPS PkgConfig::openssl Threads::Threads)
target_include_directories(test_operator_provision_passes PRIVATE kube net operator)
target_link_options(test_operator_provision_passes PRIVATE -Wl,--wrap=clock_gettime,--wrap=http_perform)
set_tests_properties(operator/provision_crowd PROPERTIES TIMEOUT 300) # some thousand passes
