# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name arena base64 buf clock err json log squeeze)
	neofleet_test(base ${name})
endforeach()
