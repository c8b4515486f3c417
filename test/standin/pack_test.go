// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

// Encodings as the PackStream specification prints them, so that reader and writer cannot agree on a mistake.
func TestKnownEncodings(t *testing.T) {
	cases := []struct {
		value any
		bytes []byte
	}{
		{nil, []byte{0xC0}},
		{true, []byte{0xC3}},
		{false, []byte{0xC2}},
		{int64(1), []byte{0x01}},
		{int64(127), []byte{0x7F}},
		{int64(-16), []byte{0xF0}},
		{int64(-17), []byte{0xC8, 0xEF}},
		{int64(-128), []byte{0xC8, 0x80}},
		{int64(128), []byte{0xC9, 0x00, 0x80}},
		{int64(42000), []byte{0xCA, 0x00, 0x00, 0xA4, 0x10}},
		{int64(math.MinInt64), []byte{0xCB, 0x80, 0, 0, 0, 0, 0, 0, 0}},
		{6.283185307179586, []byte{0xC1, 0x40, 0x19, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18}},
		{"A", []byte{0x81, 0x41}},
		{"Größenmaßstäbe", append([]byte{0xD0, 0x12}, "Größenmaßstäbe"...)},
		{[]byte{1, 2}, []byte{0xCC, 0x02, 1, 2}},
		{[]any{int64(1), int64(2)}, []byte{0x92, 1, 2}},
		{map[string]any{"one": int64(1)}, []byte{0xA1, 0x83, 'o', 'n', 'e', 1}},
		{structure{0x70, []any{map[string]any{}}}, []byte{0xB1, 0x70, 0xA0}},
	}
	for _, c := range cases {
		p := packer{}
		p.value(c.value)
		if !bytes.Equal(p.out, c.bytes) {
			t.Errorf("%v was written as % X, not % X", c.value, p.out, c.bytes)
		}
		got, err := unpack(c.bytes)
		if err != nil || !reflect.DeepEqual(got, c.value) {
			t.Errorf("% X was read as %v (%v), not %v", c.bytes, got, err, c.value)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 15, 16, 255, 256, 65535, 65536, 70000} {
		list := make([]any, n)
		dict := map[string]any{}
		for i := range list {
			list[i] = int64(i % 100)
			dict[strings.Repeat("k", 1+i%3)+string(rune('0'+i%10))] = int64(1)
		}
		for _, value := range []any{strings.Repeat("x", n), bytes.Repeat([]byte{7}, n), list, dict} {
			p := packer{}
			p.value(value)
			got, err := unpack(p.out)
			if err != nil || !reflect.DeepEqual(got, value) {
				t.Errorf("%T of %d came back otherwise: %v", value, n, err)
			}
		}
	}
}

func TestNodesByVersion(t *testing.T) {
	n := &node{ID: 3, Labels: []string{"X"}, Props: map[string]any{}}
	for modern, fields := range map[bool]int{false: 3, true: 4} {
		p := packer{modern: modern}
		p.value(n)
		got, err := unpack(p.out)
		if s, ok := got.(structure); err != nil || !ok || s.tag != 'N' || len(s.fields) != fields {
			t.Errorf("modern %v: %v (%v)", modern, got, err)
		}
	}
}

// No beginning of a message is a message, and no size makes us take more memory than was sent.
func TestBrokenValues(t *testing.T) {
	p := packer{}
	p.value(map[string]any{"a": []any{int64(300), "text", 1.5, []byte{1}, structure{1, []any{nil}}}, "b": strings.Repeat("y", 300)})
	for i := range p.out {
		if v, err := unpack(p.out[:i]); err == nil {
			t.Errorf("the first %d bytes were read as %v", i, v)
		}
	}
	for name, data := range map[string][]byte{
		"left over":      append(bytes.Clone(p.out), 0),
		"unknown marker": {0xDF},
		"huge text":      {0xD2, 0x7F, 0xFF, 0xFF, 0xFF},
		"huge list":      {0xD6, 0x7F, 0xFF, 0xFF, 0xFF, 1},
		"huge map":       {0xDA, 0x7F, 0xFF, 0xFF, 0xFF, 1},
		"negative size":  {0xCE, 0xFF, 0xFF, 0xFF, 0xFF},
		"key no text":    {0xA1, 1, 1},
		"too deep":       bytes.Repeat([]byte{0x91}, 1000),
	} {
		if v, err := unpack(data); err == nil {
			t.Errorf("%s was read as %v", name, v)
		}
	}
}
