// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/flag.h"

#include <string.h>

const struct flag flag_help = {"help", 'h', NULL, NULL, "show this"};
const struct flag flag_namespace = {"namespace", 'n', "NAME", NULL, "look in this namespace (default: the context's)"};
const struct flag flag_all_namespaces = {"all-namespaces", 'A', NULL, NULL, "look in all namespaces"};
const struct flag flag_context = {"context", 0, "NAME", NULL, "the context of the kubeconfig (default: its current one)"};
const struct flag flag_kubeconfig = {"kubeconfig", 0, "FILE", NULL, "how to reach the API server (default: as kubectl finds it)"};
const struct flag flag_selector = {"selector", 'l', "SELECTOR", NULL, "only those whose labels fit, such as team=search"};
const struct flag flag_timeout = {"request-timeout", 0, "SECONDS", NULL, "give up a call to the API server after so long (default: 10)"};

const char *flag_next_choice(const char **at, size_t *ret_len)
{
	const char *choice = *at + strspn(*at, " ");

	*ret_len = strcspn(choice, " ");
	*at = choice + *ret_len;
	return *ret_len ? choice : NULL;
}

bool flag_takes(const struct flag *flag, const char *value)
{
	const char *at = flag->choices, *choice;
	size_t len;

	while (at && (choice = flag_next_choice(&at, &len))) {
		if (len == strlen(value) && memcmp(choice, value, len) == 0)
			return true;
	}
	return !flag->choices;
}
