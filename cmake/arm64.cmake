# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
# For arm64 on another processor, by the distribution's cross compiler. $NEOFLEET_SYSROOT holds headers and archives of the libraries
# (script/lib/libraries.sh makes it); the C library is the compiler's own.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(sysroot $ENV{NEOFLEET_SYSROOT}/usr)
list(PREPEND CMAKE_PREFIX_PATH ${sysroot})
set(CMAKE_C_FLAGS_INIT "-isystem ${sysroot}/include")
foreach(kind EXE SHARED)
	set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${sysroot}/lib/aarch64-linux-gnu -Wl,-rpath-link,${sysroot}/lib/aarch64-linux-gnu")
endforeach()
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=${sysroot}/lib/aarch64-linux-gnu)
