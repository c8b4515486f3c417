# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# find_package(neobolt): the targets neobolt::neobolt (shared) and neobolt::neobolt_static.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3.0)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/neoboltTargets.cmake)
