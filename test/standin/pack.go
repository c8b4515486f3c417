// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// PackStream v1. A value is nil, bool, int64, float64, string, []byte, []any, map[string]any, a structure or a *node.

const maxDepth = 64

type structure struct {
	tag    byte
	fields []any
}

// packer appends values; modern is what Bolt 5 changed about nodes (they carry an element id).
type packer struct {
	out    []byte
	modern bool
}

// size appends a marker with a length: inline (below 16, where there is such a form) or with 8, 16 or 32 bits.
func (p *packer) size(n int, tiny, marker8 byte) {
	switch {
	case n < 16 && tiny != 0:
		p.out = append(p.out, tiny|byte(n))
	case n < 1<<8:
		p.out = append(p.out, marker8, byte(n))
	case n < 1<<16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, marker8+1), uint16(n))
	default:
		p.out = binary.BigEndian.AppendUint32(append(p.out, marker8+2), uint32(n))
	}
}

func (p *packer) integer(v int64) {
	switch {
	case v >= -16 && v < 128:
		p.out = append(p.out, byte(v))
	case v >= math.MinInt8 && v <= math.MaxInt8:
		p.out = append(p.out, 0xC8, byte(v))
	case v >= math.MinInt16 && v <= math.MaxInt16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xC9), uint16(v))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xCA), uint32(v))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xCB), uint64(v))
	}
}

func (p *packer) text(v string) {
	p.size(len(v), 0x80, 0xD0)
	p.out = append(p.out, v...)
}

func (p *packer) dict(v map[string]any) {
	p.size(len(v), 0xA0, 0xD8)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		p.text(key)
		p.value(v[key])
	}
}

func (p *packer) list(v []any) {
	p.size(len(v), 0x90, 0xD4)
	for _, item := range v {
		p.value(item)
	}
}

func (p *packer) structure(tag byte, fields ...any) {
	p.out = append(p.out, 0xB0|byte(len(fields)), tag)
	for _, field := range fields {
		p.value(field)
	}
}

func (p *packer) node(n *node) {
	labels := make([]any, len(n.Labels))
	for i, label := range n.Labels {
		labels[i] = label
	}
	fields := []any{n.ID, labels, n.Props}
	if p.modern {
		fields = append(fields, n.elementID())
	}
	p.structure(0x4E, fields...)
}

func (p *packer) value(value any) {
	switch v := value.(type) {
	case nil:
		p.out = append(p.out, 0xC0)
	case bool:
		marker := byte(0xC2)
		if v {
			marker = 0xC3
		}
		p.out = append(p.out, marker)
	case int:
		p.integer(int64(v))
	case int64:
		p.integer(v)
	case float64:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xC1), math.Float64bits(v))
	case string:
		p.text(v)
	case []byte:
		p.size(len(v), 0, 0xCC)
		p.out = append(p.out, v...)
	case []any:
		p.list(v)
	case map[string]any:
		p.dict(v)
	case structure:
		p.structure(v.tag, v.fields...)
	case *node:
		p.node(v)
	default:
		panic(fmt.Sprintf("%T cannot be packed", value))
	}
}

var errShort = errors.New("the message ends within a value")

// unpacker reads values; every size is checked against what is left before anything is made of it.
type unpacker struct {
	in []byte
}

func unpack(data []byte) (any, error) {
	u := unpacker{data}
	v, err := u.value(0)
	if err == nil && len(u.in) > 0 {
		err = fmt.Errorf("%d bytes are left over behind the value", len(u.in))
	}
	return v, err
}

func (u *unpacker) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.in) {
		return nil, errShort
	}
	data := u.in[:n]
	u.in = u.in[n:]
	return data, nil
}

func (u *unpacker) number(width int) (uint64, error) {
	data, err := u.take(width)
	var v uint64
	for _, b := range data {
		v = v<<8 | uint64(b)
	}
	return v, err
}

// sized reads the length behind a marker with 8, 16 or 32 bits.
func (u *unpacker) sized(marker, marker8 byte) (int, error) {
	n, err := u.number(1 << (marker - marker8))
	return int(n), err
}

func (u *unpacker) text(n int) (string, error) {
	data, err := u.take(n)
	return string(data), err
}

func (u *unpacker) list(n, depth int) ([]any, error) {
	if n > len(u.in) {
		return nil, errShort
	}
	list := make([]any, 0, n)
	for range n {
		item, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

func (u *unpacker) dict(n, depth int) (map[string]any, error) {
	if 2*n > len(u.in) {
		return nil, errShort
	}
	dict := make(map[string]any, n)
	for range n {
		key, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, errors.New("a map's key is not a string")
		}
		if dict[name], err = u.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

func (u *unpacker) structure(n, depth int) (any, error) {
	tag, err := u.number(1)
	if err != nil {
		return nil, err
	}
	fields, err := u.list(n, depth)
	return structure{byte(tag), fields}, err
}

func (u *unpacker) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("values are nested too deeply")
	}
	head, err := u.number(1)
	if err != nil {
		return nil, err
	}
	marker := byte(head)
	switch {
	case marker < 0x80 || marker >= 0xF0:
		return int64(int8(marker)), nil
	case marker < 0x90:
		return u.text(int(marker & 15))
	case marker < 0xA0:
		return u.list(int(marker&15), depth)
	case marker < 0xB0:
		return u.dict(int(marker&15), depth)
	case marker < 0xC0:
		return u.structure(int(marker&15), depth)
	}
	return u.marked(marker, depth)
}

func (u *unpacker) marked(marker byte, depth int) (any, error) {
	switch marker {
	case 0xC0:
		return nil, nil
	case 0xC2, 0xC3:
		return marker == 0xC3, nil
	case 0xC1:
		bits, err := u.number(8)
		return math.Float64frombits(bits), err
	case 0xC8, 0xC9, 0xCA, 0xCB:
		width := 1 << (marker - 0xC8)
		bits, err := u.number(width)
		shift := 64 - 8*width
		return int64(bits<<shift) >> shift, err
	case 0xCC, 0xCD, 0xCE:
		n, err := u.sized(marker, 0xCC)
		if err != nil {
			return nil, err
		}
		return u.take(n)
	case 0xD0, 0xD1, 0xD2:
		n, err := u.sized(marker, 0xD0)
		if err != nil {
			return nil, err
		}
		return u.text(n)
	case 0xD4, 0xD5, 0xD6:
		n, err := u.sized(marker, 0xD4)
		if err != nil {
			return nil, err
		}
		return u.list(n, depth)
	case 0xD8, 0xD9, 0xDA:
		n, err := u.sized(marker, 0xD8)
		if err != nil {
			return nil, err
		}
		return u.dict(n, depth)
	}
	return nil, fmt.Errorf("0x%02X is no marker", marker)
}
