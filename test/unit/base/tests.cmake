# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name arena base64 budget buf clock err exhausted histogram json log squeeze steps texts)
	neofleet_test(base ${name})
endforeach()
