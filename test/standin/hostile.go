// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
)

// Servers that mean harm. A pod of the crowd whose annotation below names one of these answers so; test/hostile looks whether the operator
// lives, and whether other deployments notice. Each goes on until the client has enough.

const hostileAnnotation = "neofleet.test/hostile"

const (
	million  = 1000000
	flood    = 64 * 1024 // bytes that are written at a time
	hugeText = 16 << 20
)

// What a hostile server sends instead of its answer to a statement; false: this message is answered as usual.
func (t *crowdTalk) harm(m structure) bool {
	switch kind := t.pod.Metadata.Annotations[hostileAnnotation]; {
	case kind == "greeting" && m.tag == msgHello:
		t.send(msgSuccess, map[string]any{"server": strings.Repeat("Neo4j/5 ", hugeText/8), "connection_id": "bolt-1"})
	case kind == "rows" && m.tag == msgPull:
		t.forever(message(t.major, msgRecord, []any{int64(1), "text", nil}))
	case kind == "values" && m.tag == msgPull:
		// A byte each on the wire, and far more in memory.
		t.forever(message(t.major, msgRecord, make([]any, million)))
	case kind == "names" && m.tag == msgPull:
		t.forever(message(t.major, msgRecord, []any{strings.Repeat("n", 60000), "n", "n", "Enabled", "Available", []any{"a", "b"}, "online"}))
	case kind == "lies" && m.tag == msgPull:
		// A record whose list says that it has four thousand million values, and one whose text is as long.
		t.out = appendChunks(t.out, []byte{0xB1, msgRecord, 0xD6, 0xFF, 0xFF, 0xFF, 0xFF, 0x01})
		t.out = appendChunks(t.out, append([]byte{0xB1, msgRecord, 0x91, 0xD2, 0xFF, 0xFF, 0xFF, 0xFF}, make([]byte, flood)...))
	case kind == "silence" && m.tag == msgRun:
		_, _ = io.Copy(io.Discard, t.conn)
	case kind == "echo" && m.tag == msgRun:
		_, _ = io.Copy(t.conn, t.conn)
	case kind == "chunks" && m.tag == msgRun:
		t.flood(make([]byte, flood))
	default:
		return false
	}
	return true
}

func message(major int, tag byte, fields ...any) []byte {
	p := packer{modern: major >= 5}
	p.structure(tag, fields...)
	return appendChunks(nil, p.out)
}

func (t *crowdTalk) forever(record []byte) {
	t.flood(bytes.Repeat(record, 1+flood/len(record)))
}

// The flood ends with the connection.
func (t *crowdTalk) flood(piece []byte) {
	w := bufio.NewWriterSize(t.conn, flood)
	_, err := w.Write(t.out)
	t.out = t.out[:0]
	for err == nil {
		_, err = w.Write(piece)
	}
	t.ended = true
	if tcp, ok := t.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
