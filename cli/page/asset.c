// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/asset.h"

#include <string.h>

// Assembled into the program.
#define EMBED(symbol, file)                                                                                                                  \
	extern const char symbol[], symbol##_end[];                                                                                          \
	__asm__(".pushsection .rodata\n.global " #symbol "\n.global " #symbol "_end\n" #symbol ":\n.incbin \"" PAGE_FOLDER "/" file "\"\n" #symbol "_end:\n.byte 0\n.popsection\n")

EMBED(page_index, "index.html");
EMBED(page_icon, "icon.svg");
EMBED(page_base_css, "base.css");
EMBED(page_fleet_css, "fleet.css");
EMBED(page_deployment_css, "deployment.css");
EMBED(page_app, "app.js");
EMBED(page_deployment, "deployment.js");
EMBED(page_dom, "dom.js");
EMBED(page_fleet, "fleet.js");
EMBED(page_measures, "measures.js");
EMBED(page_panels, "panels.js");
EMBED(page_question, "question.js");
EMBED(page_stream, "stream.js");
EMBED(page_table, "table.js");
EMBED(page_words, "words.js");
EMBED(page_yaml, "yaml.js");

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JS "text/javascript; charset=utf-8"

static const struct {
	const char *name, *type, *text, *end;
} files[] = {
	{"", HTML, page_index, page_index_end},
	{"icon.svg", "image/svg+xml", page_icon, page_icon_end},
	{"base.css", CSS, page_base_css, page_base_css_end},
	{"fleet.css", CSS, page_fleet_css, page_fleet_css_end},
	{"deployment.css", CSS, page_deployment_css, page_deployment_css_end},
	{"app.js", JS, page_app, page_app_end},
	{"deployment.js", JS, page_deployment, page_deployment_end},
	{"dom.js", JS, page_dom, page_dom_end},
	{"fleet.js", JS, page_fleet, page_fleet_end},
	{"measures.js", JS, page_measures, page_measures_end},
	{"panels.js", JS, page_panels, page_panels_end},
	{"question.js", JS, page_question, page_question_end},
	{"stream.js", JS, page_stream, page_stream_end},
	{"table.js", JS, page_table, page_table_end},
	{"words.js", JS, page_words, page_words_end},
	{"yaml.js", JS, page_yaml, page_yaml_end},
};

bool asset_find(const char *name, struct asset *ret)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(files[i].name, name) != 0)
			continue;
		*ret = (struct asset){files[i].type, files[i].text, (size_t)(files[i].end - files[i].text)};
		return true;
	}
	return false;
}
