// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
)

func mustRelease(t *testing.T, tag string) release {
	t.Helper()
	r, err := releaseOf(tag)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVersions(t *testing.T) {
	cases := []struct {
		tag      string
		slots    [4][4]byte
		want     boltVersion
		manifest bool
	}{
		// The operator's probe.
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 0, 6}, {0, 8, 8, 5}, {0, 0, 4, 4}}, boltVersion{5, 8}, false},
		{"2025.12.1-enterprise", [4][4]byte{{0, 0, 0, 6}, {0, 8, 8, 5}, {0, 0, 4, 4}}, boltVersion{6, 0}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 4, 5}}, boltVersion{5, 4}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 2, 4, 4}}, boltVersion{4, 4}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 1, 5, 5}}, boltVersion{5, 4}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 5, 5}}, boltVersion{}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 0, 6}}, boltVersion{}, false},
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 1, 0xFF}, {0, 8, 8, 5}}, boltVersion{}, true},
		{"5.26.12-enterprise", [4][4]byte{{0, 0, 2, 0xFF}, {0, 8, 8, 5}}, boltVersion{5, 8}, false},
	}
	for _, c := range cases {
		got, manifest := choose(c.slots, spokenVersions(mustRelease(t, c.tag)))
		if got != c.want || manifest != c.manifest {
			t.Errorf("%s % X: %v %v, want %v %v", c.tag, c.slots, got, manifest, c.want, c.manifest)
		}
	}
}

func TestManifest(t *testing.T) {
	spoken := spokenVersions(mustRelease(t, "2025.12.1-enterprise"))
	want := [][4]byte{{0, 0, 0, 6}, {0, 2, 8, 5}, {0, 4, 4, 5}, {0, 0, 4, 4}}
	if got := ranges(spoken); !reflect.DeepEqual(got, want) {
		t.Fatalf("ranges: % X", got)
	}
	in := []byte{0x60, 0x60, 0xB0, 0x17, 0, 0, 1, 0xFF, 0, 8, 8, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 5, 0x80, 0x01, 'x'}
	var out bytes.Buffer
	r := bufio.NewReader(bytes.NewReader(in))
	version, err := handshake(r, &out, spoken)
	if err != nil || version != (boltVersion{5, 7}) {
		t.Fatalf("%v %v", version, err)
	}
	if rest, _ := r.ReadByte(); rest != 'x' {
		t.Fatal("the handshake took more than its own bytes")
	}
	if !bytes.Equal(out.Bytes()[:5], []byte{0, 0, 1, 0xFF, 4}) || out.Len() != 5+16+1 {
		t.Fatalf("offer: % X", out.Bytes())
	}
	in[23] = 9 // 9.7 was not offered
	if _, err := handshake(bufio.NewReader(bytes.NewReader(in)), io.Discard, spoken); !errors.Is(err, errNoVersion) {
		t.Fatalf("a version that was not offered was taken: %v", err)
	}
}

func TestOtherProtocols(t *testing.T) {
	spoken := spokenVersions(mustRelease(t, "5.26.12-enterprise"))
	if _, err := handshake(bufio.NewReader(bytes.NewReader([]byte("GET / HTTP/1.1\r\nHost: x\r\n"))), io.Discard, spoken); !errors.Is(err, errNotBolt) {
		t.Fatalf("HTTP was taken for Bolt: %v", err)
	}
}

func TestChunks(t *testing.T) {
	for _, n := range []int{1, 65534, 65535, 65536, 200000} {
		message := bytes.Repeat([]byte{0xAB}, n)
		framed := appendChunks([]byte{0, 0}, message) // a keep-alive first
		r := bytes.NewReader(append(framed, 0, 1, 0xCC, 0, 0))
		got, err := readMessage(r, maxMessage)
		if err != nil || !bytes.Equal(got, message) {
			t.Fatalf("%d bytes came back as %d: %v", n, len(got), err)
		}
		if next, err := readMessage(r, maxMessage); err != nil || !bytes.Equal(next, []byte{0xCC}) {
			t.Fatalf("the next message: % X %v", next, err)
		}
	}
	if _, err := readMessage(bytes.NewReader(appendChunks(nil, make([]byte, 9000))), maxBeforeLogin); err == nil {
		t.Fatal("a message above the limit was read")
	}
	if _, err := readMessage(bytes.NewReader([]byte{0, 5, 1, 2}), maxMessage); err == nil {
		t.Fatal("half a chunk was read")
	}
}
