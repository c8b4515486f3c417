# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name dbms duration field plugin pod_shape quantity)
	neofleet_test(api ${name})
endforeach()

# The definitions are what their generator writes.
add_test(NAME api/crds COMMAND /usr/bin/python3 -B ${CMAKE_SOURCE_DIR}/deploy/crds/generate --check)
