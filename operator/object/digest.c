// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

const char *digest_of(const char *text, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char *hex;

	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) != 1)
		abort(); // only when the library cannot allocate
	hex = arena_alloc(arena, (size_t)len * 2 + 1);
	for (unsigned int i = 0; i < len; i++) {
		hex[(size_t)i * 2] = "0123456789abcdef"[digest[i] >> 4];
		hex[(size_t)i * 2 + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	return hex;
}
