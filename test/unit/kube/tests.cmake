# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name queue runner)
	neofleet_test(kube ${name})
endforeach()
