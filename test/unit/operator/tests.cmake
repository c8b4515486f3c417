# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
foreach(name certificate credentials drift fleet golden key phase pod probe status workload)
	neofleet_test(operator ${name} DEPS Threads::Threads)
endforeach()
