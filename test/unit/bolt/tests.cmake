# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
neofleet_test(bolt tls DEPS PkgConfig::openssl Threads::Threads)
foreach(name chunk conn handshake pack)
	neofleet_test(bolt ${name} DEPS m)
endforeach()
