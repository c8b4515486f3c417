# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name chunk conn dial handshake hostile message pack structure value)
	neofleet_test(bolt ${name} DEPS m)
endforeach()
foreach(name link link_open)
	neofleet_test(bolt ${name}
		SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/peer.c ${CMAKE_CURRENT_SOURCE_DIR}/bolt/pair.c
		DEPS PkgConfig::openssl Threads::Threads)
endforeach()
foreach(name flight limits logon misread torture wire)
	neofleet_test(bolt ${name}
		SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/peer.c
		DEPS PkgConfig::openssl Threads::Threads)
endforeach()
foreach(name bookmarks calendar routing summary uri)
	neofleet_test(bolt ${name})
endforeach()
target_link_options(test_bolt_torture PRIVATE -Wl,--wrap=socket,--wrap=connect,--wrap=setsockopt,--wrap=poll,--wrap=recv,--wrap=send)
target_link_options(test_bolt_dial PRIVATE -Wl,--wrap=getaddrinfo,--wrap=freeaddrinfo)
# The scripted cluster is written as JSON.
if(NOT yyjson_FOUND)
	return()
endif()
neofleet_test(bolt tls
	SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/bolt/stage.c
	DEPS PkgConfig::openssl Threads::Threads)
foreach(name cluster driver forks log misuse outcome pool session tx)
	neofleet_test(bolt ${name}
		SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/bolt/stage.c
		DEPS Threads::Threads)
endforeach()
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
	include(${CMAKE_SOURCE_DIR}/cmake/neobolt-headers.cmake)
	# Every function of the headers that a program may include, so that none is forgotten.
	list(TRANSFORM neobolt_headers PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE misuse_headers)
	set(misuse_table ${CMAKE_CURRENT_BINARY_DIR}/misuse_table.c)
	add_custom_command(OUTPUT ${misuse_table} DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/bolt/misuse_table.py ${misuse_headers}
		COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bolt/misuse_table.py ${misuse_table} ${misuse_headers})
	neofleet_test(bolt misuse_table
		SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/bolt/stage.c ${misuse_table}
		DEPS Threads::Threads)
endif()
target_link_options(test_bolt_driver PRIVATE -Wl,--wrap=recv,--wrap=send)
