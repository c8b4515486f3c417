// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
)

// Words of a statement. Upper-case keywords are compared without case; names, strings and parameters keep theirs.

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenName // in backticks: never a keyword
	tokenText
	tokenNumber
	tokenParameter
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
	at   int
}

func isWordStart(c byte) bool {
	return c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z') || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func syntaxError(text string, at int) *failure {
	near := text[min(at, len(text)):]
	return failf("ClientError.Statement.SyntaxError", "Invalid input near '%.20s' at offset %d", near, at)
}

func lex(text string) ([]token, *failure) {
	var tokens []token
	for i := 0; ; {
		i = skipBlank(text, i)
		if i >= len(text) {
			return append(tokens, token{tokenEnd, "", i}), nil
		}
		one, next := lexOne(text, i)
		if next < 0 {
			return nil, syntaxError(text, i)
		}
		tokens = append(tokens, one)
		i = next
	}
}

func skipBlank(text string, i int) int {
	for i < len(text) {
		switch {
		case strings.IndexByte(" \t\r\n;", text[i]) >= 0:
			i++
		case strings.HasPrefix(text[i:], "//"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return len(text)
			}
			i += end
		case strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i:], "*/")
			if end < 0 {
				return len(text)
			}
			i += end + 2
		default:
			return i
		}
	}
	return i
}

func lexOne(text string, i int) (token, int) {
	c := text[i]
	span := func(start int, in func(byte) bool) int {
		for start < len(text) && in(text[start]) {
			start++
		}
		return start
	}
	inWord := func(c byte) bool { return isWordStart(c) || isDigit(c) }
	switch {
	case isWordStart(c):
		end := span(i, inWord)
		return token{tokenWord, text[i:end], i}, end
	case isDigit(c):
		end := span(i, isDigit)
		if end+1 < len(text) && text[end] == '.' && isDigit(text[end+1]) {
			end = span(end+1, isDigit)
		}
		return token{tokenNumber, text[i:end], i}, end
	case c == '$':
		if i+1 < len(text) && text[i+1] == '`' {
			value, end := quoted(text, i+1)
			return token{tokenParameter, value, i}, end
		}
		end := span(i+1, inWord)
		return token{tokenParameter, text[i+1 : end], i}, end
	case c == '`':
		value, end := quoted(text, i)
		return token{tokenName, value, i}, end
	case c == '\'' || c == '"':
		value, end := quoted(text, i)
		return token{tokenText, value, i}, end
	}
	for _, symbol := range []string{"<>", "<=", ">=", "=~"} {
		if strings.HasPrefix(text[i:], symbol) {
			return token{tokenSymbol, symbol, i}, i + 2
		}
	}
	if strings.IndexByte("(){}[],.:=<>+-*/%|!&", c) < 0 {
		return token{}, -1
	}
	return token{tokenSymbol, text[i : i+1], i}, i + 1
}

// quoted reads up to the closing mark; a backtick is escaped by another, the others by a backslash.
func quoted(text string, i int) (string, int) {
	mark := text[i]
	var out strings.Builder
	for i++; i < len(text); i++ {
		switch {
		case text[i] == mark && mark == '`' && i+1 < len(text) && text[i+1] == '`':
			i++
			out.WriteByte('`')
		case text[i] == mark:
			return out.String(), i + 1
		case text[i] == '\\' && mark != '`' && i+1 < len(text):
			i++
			escapes := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '0': 0}
			if c, special := escapes[text[i]]; special {
				out.WriteByte(c)
			} else {
				out.WriteByte(text[i])
			}
		default:
			out.WriteByte(text[i])
		}
	}
	return "", -1
}
