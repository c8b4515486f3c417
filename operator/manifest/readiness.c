// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A server that accepts connections may still be far from speaking Bolt, so the probe asks for a version: the four proposals
// 6.0, 5.8 to 5.0, 4.4, none. The answer is two zero bytes and the chosen version; four zero bytes mean "none of these". With
// TLS required it sends the ClientHello below (TLS 1.3 and 1.2, X25519 with the base point as share) and wants a
// handshake record, not an alert. Source: Bolt Protocol, handshake; RFC 8446, section 4.1.2.
//
// The container tells whether it requires TLS. The script comes from a ConfigMap, which changes under running pods; what a pod mounts stays as
// it was when the pod was made, and so does what its server speaks.

#include "operator/manifest/readiness.h"

#include "neo4j/conf.h"

static const char script[] =
	"#!/bin/bash\n"
	"# Asks this pod's server whether it speaks on its Bolt port. Kept by neofleet.\n"
	"set -eu\n"
	"exec 3<>\"/dev/tcp/127.0.0.1/${1:-7687}\"\n"
	"if [[ -e \"${2:-" CONF_TLS_FOLDER "}/tls.crt\" ]]; then\n"
	"\tprintf '"
	"\\x16\\x03\\x01\\x00\\xa2\\x01\\x00\\x00\\x9e\\x03\\x03\\x6e\\x65\\x6f\\x66\\x6c"
	"\\x65\\x65\\x74\\x20\\x72\\x65\\x61\\x64\\x69\\x6e\\x65\\x73\\x73\\x20\\x70\\x72"
	"\\x6f\\x62\\x65\\x2c\\x20\\x33\\x32\\x62\\x79\\x74\\x65\\x00\\x00\\x18\\x13\\x01"
	"\\x13\\x02\\x13\\x03\\xc0\\x2f\\xc0\\x30\\xc0\\x2b\\xc0\\x2c\\xcc\\xa8\\xcc\\xa9"
	"\\x00\\x9c\\x00\\x9d\\x00\\xff\\x01\\x00\\x00\\x5d\\x00\\x0a\\x00\\x08\\x00\\x06"
	"\\x00\\x1d\\x00\\x17\\x00\\x18\\x00\\x0b\\x00\\x02\\x01\\x00\\x00\\x0d\\x00\\x14"
	"\\x00\\x12\\x04\\x03\\x05\\x03\\x06\\x03\\x08\\x04\\x08\\x05\\x08\\x06\\x04\\x01"
	"\\x05\\x01\\x06\\x01\\x00\\x2b\\x00\\x05\\x04\\x03\\x04\\x03\\x03\\x00\\x33\\x00"
	"\\x26\\x00\\x24\\x00\\x1d\\x00\\x20\\x09\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	"\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	"' >&3\n"
	"\twanted='1603???\?' refused=none lacking='TLS handshake was answered'\n"
	"else\n"
	"\tprintf '"
	"\\x60\\x60\\xb0\\x17\\x00\\x00\\x00\\x06\\x00\\x08\\x08\\x05"
	"\\x00\\x00\\x04\\x04\\x00\\x00\\x00\\x00"
	"' >&3\n"
	"\twanted='0000???\?' refused=00000000 lacking='Bolt version was agreed upon'\n"
	"fi\n"
	"answer=\"$(timeout 4 od -An -v -tx1 -N4 <&3 | tr -d ' \\n')\"\n"
	"if [[ \"$answer\" != $wanted || \"$answer\" == \"$refused\" ]]; then\n"
	"\techo \"no $lacking: '$answer'\"\n"
	"\texit 1\n"
	"fi\n";

const char *readiness_script(void)
{
	return script;
}
