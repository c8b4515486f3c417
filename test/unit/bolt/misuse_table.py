#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of misuse, in C, from the headers that a program may include: misuse_table.py OUT HEADER...

Each function is called with each pointer NULL, each enum out of its range, each structure of zeros, and each structure that has room for later
members with something in it. All other arguments are valid ones of misuse_scene.h. A type that is not known here is an error, so that no new
function is forgotten.
"""
import re
import sys

# What a valid argument is, where it is neither a number nor memory of its own.
OBJECTS = {
    "struct arena": ("scene->arena", "SCENE_ALWAYS"),
    "struct budget": ("&scene->budget", "SCENE_ALWAYS"),
    "struct buf": ("&scene->buf", "SCENE_ALWAYS"),
    "struct err": ("&scene->err", "SCENE_ALWAYS"),
    "struct conn": ("&scene->conn", "SCENE_ALWAYS"),
    "struct handshake": ("&scene->handshake", "SCENE_ALWAYS"),
    "struct dechunker": ("&scene->dechunker", "SCENE_ALWAYS"),
    "struct bolt_bookmarks": ("scene->bookmarks", "SCENE_ALWAYS"),
    "struct bolt_cancel": ("scene->cancel", "SCENE_ALWAYS"),
    "struct bolt_driver": ("scene->driver", "SCENE_DRIVER"),
    "struct bolt_session": ("scene->session", "SCENE_DRIVER"),
    "struct bolt_tx": ("scene->tx", "SCENE_TX"),
    "struct bolt_result": ("scene->result", "SCENE_RESULT"),
    "struct bolt_link": ("scene->link", "SCENE_LINK"),
}
# What is made is freed.
MADE = {
    "struct bolt_driver": "bolt_driver_free",
    "struct bolt_session": "bolt_session_free",
    "struct bolt_tx": "bolt_tx_free",
    "struct bolt_result": "bolt_result_free",
    "struct bolt_link": "bolt_link_close",
    "struct bolt_cancel": "bolt_cancel_free",
    "struct bolt_trust": "bolt_trust_free",
}
RETURNED = {"bolt_bookmarks_new": "bolt_bookmarks_free", "arena_new": "arena_free"}
# Structures of which zeros are no valid argument.
VALID = {
    "struct bolt_driver_options": "{.uri = scene->uri}",
    "struct bolt_target": '{.host = "127.0.0.1", .port = scene->port, .user_agent = "test/1"}',
    "struct bolt_auth": '{.user = "neo4j", .password = "secret"}',
    "struct bolt_call": '{.text = "Q"}',
    "struct bolt_statement": '{.text = "Q"}',
    "struct bolt_query": '{.text = "Q"}',
    "struct bolt_job": "{.work = scene_work}",
    "struct conn_hello": '{.user_agent = "test/1", .product = "test/1"}',
    "struct conn_run": '{.text = "Q"}',
    "struct bolt_value": "{.type = BOLT_INT, .integer = 1}",
    "struct bolt_failure": '{.code = "Neo.X", .message = "no"}',
    "struct bolt_address": '{.host = "127.0.0.1", .port = 7687}',
    "struct bolt_calendar": "{.year = 2024, .month = 2, .day = 29}",
}
# Pointers to something that the text of the header wants as so much memory.
MEMORY = {
    ("bolt_parse_uuid", "ret"): "scene->memory",
    ("time_format_rfc3339", "text"): "(char *)scene->memory",
    ("arena_grow_array", "items"): "NULL",
    ("arena_resize", "p"): "NULL",
}
TEXTS = {("bolt_uri_parse", "text"): "scene->uri", ("time_parse_rfc3339", "text"): '"2024-02-29T00:00:00Z"'}
NUMBERS = {"deadline": "scene->deadline", "fd": "-1", "errnum": "1", "port": "7687"}
# These end what they are given, so only NULL is left to try. What wants a va_list is what arena_printf() calls.
ENDS = re.compile(r"_(free|close|release|deinit)$")
LEFT_OUT = {"arena_vprintf"}

ENUM_VALUES = ["(enum {})-1", "(enum {})1000"]


def without_comments(text):
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    return re.sub(r"^#.*$", "", text, flags=re.M)


def bodies_emptied(text):
    out, depth = [], 0
    for c in text:
        if c == "{":
            depth += 1
            if depth == 1:
                out.append("{}")
        elif c == "}":
            depth -= 1
        elif depth == 0:
            out.append(c)
    return "".join(out)


def members(text):
    """Of each structure the text of its members."""
    return {f"struct {name}": body for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text, flags=re.S | re.M)}


def functions(text):
    pattern = r"^(?:static inline )?(?!typedef|static const|extern)([a-z][\w ]*?[ *]+)(\w+)\(([^()]*)\)\s*(?:_printf_\([^)]*\)\s*)?(?:;|\{\})"
    for kind, name, parameters in re.findall(pattern, bodies_emptied(text), flags=re.M):
        if not name.endswith("_"):
            yield kind.strip(), name, [parameter(word) for word in parameters.split(",") if word.strip() not in ("void", "...")]


def parameter(text):
    match = re.fullmatch(r"\s*(.*?)(\**)(\w+)\s*", " ".join(text.split()).replace("* const", "*const"))
    if not match:
        sys.exit(f"misuse_table.py: '{text}' is no parameter that is understood")
    base, stars, name = match.groups()
    return {"const": base.startswith("const "), "type": base.replace("const ", "").strip(), "stars": len(stars), "name": name,
            "text": f"{base}{stars}".strip()}


class Table:
    def __init__(self, structures):
        self.structures = structures
        self.cases = []
        self.n_functions = 0

    def valid(self, function, one, needs, lines):
        """An expression of a valid argument; what it needs before goes into lines."""
        kind, name, where = one["type"], one["name"], (function, one["name"])
        if one["stars"] == 0:
            if kind.startswith("enum "):
                return f"({kind})0"
            if kind.startswith("struct "):
                return f"({kind}){{0}}"
            if kind in ("bool", "char", "int", "unsigned", "double", "size_t", "int32_t", "int64_t", "uint16_t", "uint32_t"):
                return NUMBERS.get(name, "1")
            sys.exit(f"misuse_table.py: {function}(): no valid argument is known for '{one['text']} {name}'")
        if where in MEMORY:
            return MEMORY[where]
        if one["stars"] == 1 and kind in OBJECTS:
            expression, need = OBJECTS[kind]
            needs.add(need)
            return expression
        if kind == "char" and one["const"] and one["stars"] == 1:
            return TEXTS.get(where, '"text"')
        if kind in ("void", "unsigned char") and one["stars"] == 1:
            return "scene->memory"
        if kind == "struct clock":
            return "&clock_system"
        if kind == "struct bolt_trust" and one["stars"] == 1:
            return "NULL"
        if one["stars"] == 1 and kind in self.structures:
            start = VALID.get(kind, "{0}")
            if function.startswith("bolt_from_") and kind == "struct bolt_vector":
                start = "{.n = 1, .bytes = scene->memory}"
            lines.append(f"{kind} {name} = {start};")
            return f"&{name}"
        if one["stars"] <= 2 and (kind in MADE or re.fullmatch(r"bool|char|double|size_t|u?int\d+_t|unsigned( char)?|struct \w+|enum \w+", kind)):
            const = "const " if one["const"] and one["stars"] == 2 else ""
            lines.append(f"{const}{kind} {'*' * (one['stars'] - 1)}{name} = {'NULL' if one['stars'] == 2 else '{0}' if kind.startswith('struct') else '0'};")
            return f"&{name}"
        sys.exit(f"misuse_table.py: {function}(): no valid argument is known for '{one['text']} {name}'")

    def add(self, result, function, parameters, wrong, value, what, before=()):
        needs, lines, arguments = {"SCENE_ALWAYS"}, [], []
        for at, one in enumerate(parameters):
            if at == wrong:
                lines += before
                arguments.append(value)
            else:
                arguments.append(self.valid(function, one, needs, lines))
        call = f"{function}({', '.join(arguments)})"
        lines.append(f"scene->returned = {call};" if result == "int" else f"(void){call};" if result != "void" else f"{call};")
        if function in RETURNED:
            lines[-1] = f"{RETURNED[function]}({call});"
        for at, one in enumerate(parameters):
            if at != wrong and one["stars"] == 2 and one["type"] in MADE:
                lines.append(f"{MADE[one['type']]}({one['name']});")
        errors = any(one["type"] == "struct err" for at, one in enumerate(parameters) if at != wrong) and result == "int"
        self.cases.append((f"{function}({what})", lines, needs, errors and not function.startswith("err_")))

    def add_function(self, result, function, parameters):
        self.n_functions += 1
        before = len(self.cases)
        for at, one in enumerate(parameters):
            kind, name = one["type"], one["name"]
            if one["stars"]:
                self.add(result, function, parameters, at, "NULL", f"{name}: NULL")
            elif kind.startswith("enum "):
                for value in ENUM_VALUES:
                    value = value.format(kind[5:])
                    self.add(result, function, parameters, at, value, f"{name}: {value}")
            if one["stars"] != 1 or kind not in self.structures or kind in OBJECTS or ENDS.search(function):
                continue
            if one["const"]:
                self.add(result, function, parameters, at, f"&{name}", f"{name}: zeros", [f"{kind} {name} = {{0}};"])
                if "const void *reserved[" in self.structures[kind]:
                    fill = f"{kind} {name} = {VALID.get(kind, '{0}')};"
                    self.add(result, function, parameters, at, f"&{name}", f"{name}: of a newer library",
                             [fill, f"{name}.reserved[0] = scene->memory;"])
                for enum, member in re.findall(r"^\s*enum (\w+) (\w+);", self.structures[kind], flags=re.M):
                    fill = f"{kind} {name} = {VALID.get(kind, '{0}')};"
                    for value in ENUM_VALUES:
                        value = value.format(enum)
                        self.add(result, function, parameters, at, f"&{name}", f"{name}.{member}: {value}", [fill, f"{name}.{member} = {value};"])
        if len(self.cases) == before:
            self.n_functions -= 1  # it takes nothing that could be wrong

    def text(self):
        out = ["// Written by misuse_table.py.", '#include "test/unit/bolt/misuse_scene.h"', ""]
        for number, (_, lines, _, _) in enumerate(self.cases):
            out += [f"static void case_{number}(struct scene *scene)", "{", *[f"\t{line}" for line in lines], "\t(void)scene;", "}", ""]
        out.append("const struct scene_case scene_cases[] = {")
        for number, (what, _, needs, errors) in enumerate(self.cases):
            what = what.replace('"', '\\"')
            out.append(f'\t{{"{what}", case_{number}, {" | ".join(sorted(needs))}, {"true" if errors else "false"}}},')
        out += ["};", f"const size_t n_scene_cases = {len(self.cases)}, n_scene_functions = {self.n_functions};", ""]
        return "\n".join(out)


def main():
    out, *headers = sys.argv[1:]
    texts = [without_comments(open(header, encoding="utf-8").read()) for header in headers]
    structures = {}
    for text in texts:
        structures.update(members(text))
    table = Table(structures)
    for text in texts:
        for result, function, parameters in functions(text):
            if function not in LEFT_OUT:
                table.add_function(result, function, parameters)
    with open(out, "w", encoding="utf-8") as file:
        file.write(table.text())


main()
