// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// neo4j-admin, as far as a pod's first start needs it: "dbms set-initial-password", its argument by a file.

const initialFile = "dbms/auth.ini"

// adminTool is the program under the name neo4j-admin.
func adminTool(e *entry, args []string) error {
	if len(args) < 3 || args[0] != "dbms" || args[1] != "set-initial-password" {
		return fmt.Errorf("Unmatched arguments: %s", strings.Join(args, " "))
	}
	words, err := argumentsOf(args[2:])
	if err != nil {
		return err
	}
	options := true
	var passwords []string
	for _, word := range words {
		switch {
		case options && word == "--":
			options = false
		case options && strings.HasPrefix(word, "-"):
			return fmt.Errorf("Unknown option: '%s'", word)
		default:
			passwords = append(passwords, word)
		}
	}
	if len(passwords) != 1 {
		return fmt.Errorf("%d values for the one parameter '<password>'", len(passwords))
	}
	return e.setInitialPassword(passwords[0])
}

func (e *entry) setInitialPassword(password string) error {
	least := 8
	conf, _ := os.ReadFile(filepath.Join(e.env["NEO4J_CONF"], "neo4j.conf"))
	for line := range strings.Lines(string(conf)) {
		if value, found := strings.CutPrefix(line, "dbms.security.auth_minimum_password_length="); found {
			var err error
			if least, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
	if len([]rune(password)) < least {
		return fmt.Errorf("A password must be at least %d characters.", least)
	}
	data, err := json.Marshal(newUser(password, false))
	if err != nil {
		return err
	}
	file := filepath.Join(e.path("data"), initialFile)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, data)
}

// argumentsOf replaces @FILE by the file's words; "@@" stands for one "@" that is meant.
func argumentsOf(args []string) ([]string, error) {
	var words []string
	for _, arg := range args {
		name, isFile := strings.CutPrefix(arg, "@")
		if !isFile {
			words = append(words, arg)
			continue
		}
		data, err := os.ReadFile(name)
		if strings.HasPrefix(name, "@") || err != nil {
			if err != nil && !strings.HasPrefix(name, "@") {
				name = arg
			}
			words = append(words, name)
			continue
		}
		inner, err := argumentsOf(wordsOf(string(data)))
		if err != nil {
			return nil, err
		}
		words = append(words, inner...)
	}
	return words, nil
}

// wordsOf splits an argument file: at blanks, unless they stand in double quotes, where a backslash escapes.
func wordsOf(text string) []string {
	var words []string
	var word strings.Builder
	quoted, escaped, begun := false, false, false
	for _, c := range text {
		switch {
		case escaped:
			word.WriteRune(unescaped(c))
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && c <= ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

func unescaped(c rune) rune {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
