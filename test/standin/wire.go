// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The opening of a Bolt connection and its framing.

const (
	maxChunk   = 65535
	maxMessage = 16 << 20
)

type boltVersion struct{ major, minor int }

func (v boltVersion) atLeast(major, minor int) bool {
	return v.major > major || (v.major == major && v.minor >= minor)
}

// Versions of the product's servers; 5.5 never was.
func spokenVersions(r release) []boltVersion {
	spoken := []boltVersion{{5, 8}, {5, 7}, {5, 6}, {5, 4}, {5, 3}, {5, 2}, {5, 1}, {5, 0}, {4, 4}}
	if r.atLeast(2025, 10, 0) {
		spoken = append([]boltVersion{{6, 0}}, spoken...)
	}
	return spoken
}

func speaks(spoken []boltVersion, v boltVersion) bool {
	for _, one := range spoken {
		if one == v {
			return true
		}
	}
	return false
}

var (
	errNotBolt   = errors.New("the client does not speak Bolt")
	errNoVersion = errors.New("no common Bolt version")
)

func readHandshake(r io.Reader) ([4][4]byte, error) {
	var head [20]byte
	var slots [4][4]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return slots, err
	}
	if binary.BigEndian.Uint32(head[:4]) != 0x6060B017 {
		return slots, errNotBolt
	}
	if _, err := io.ReadFull(r, head[4:]); err != nil {
		return slots, err
	}
	for i := range slots {
		copy(slots[i][:], head[4+4*i:])
	}
	return slots, nil
}

// choose takes the first slot that holds a version of ours, the highest of it; (0, 255) asks for the manifest.
func choose(slots [4][4]byte, spoken []boltVersion) (boltVersion, bool) {
	for _, slot := range slots {
		span, minor, major := int(slot[1]), int(slot[2]), int(slot[3])
		if major == 0xFF && minor == 1 {
			return boltVersion{}, true
		}
		for m := minor; major != 0xFF && m >= max(0, minor-span); m-- {
			if speaks(spoken, boltVersion{major, m}) {
				return boltVersion{major, m}, false
			}
		}
	}
	return boltVersion{}, false
}

// ranges folds versions into the manifest's form, newest first.
func ranges(spoken []boltVersion) [][4]byte {
	var out [][4]byte
	for i := 0; i < len(spoken); {
		j := i
		for j+1 < len(spoken) && spoken[j+1].major == spoken[i].major && spoken[j+1].minor == spoken[j].minor-1 {
			j++
		}
		out = append(out, [4]byte{0, byte(j - i), byte(spoken[i].minor), byte(spoken[i].major)})
		i = j + 1
	}
	return out
}

func readVarint(r io.ByteReader) (uint64, error) {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7F) << shift
		if b&0x80 == 0 {
			return v, nil
		}
	}
	return 0, errors.New("a varint is too long")
}

func handshake(r *bufio.Reader, w io.Writer, spoken []boltVersion) (boltVersion, error) {
	slots, err := readHandshake(r)
	if err != nil {
		return boltVersion{}, err
	}
	version, manifest := choose(slots, spoken)
	if !manifest {
		if _, err := w.Write([]byte{0, 0, byte(version.minor), byte(version.major)}); err != nil {
			return version, err
		}
		if version.major == 0 {
			return version, errNoVersion
		}
		return version, nil
	}
	offer := []byte{0, 0, 1, 0xFF}
	list := ranges(spoken)
	offer = append(offer, byte(len(list)))
	for _, one := range list {
		offer = append(offer, one[:]...)
	}
	if _, err := w.Write(append(offer, 0)); err != nil {
		return version, err
	}
	var choice [4]byte
	if _, err := io.ReadFull(r, choice[:]); err != nil {
		return version, err
	}
	if _, err := readVarint(r); err != nil {
		return version, err
	}
	version = boltVersion{int(choice[3]), int(choice[2])}
	if !speaks(spoken, version) {
		return version, errNoVersion
	}
	return version, nil
}

// readMessage joins the chunks of one message; empty ones before it are keep-alives.
func readMessage(r io.Reader, limit int) ([]byte, error) {
	var message []byte
	var head [2]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint16(head[:]))
		if n == 0 {
			if len(message) > 0 {
				return message, nil
			}
			continue
		}
		if len(message)+n > limit {
			return nil, fmt.Errorf("a message is larger than %d bytes", limit)
		}
		at := len(message)
		message = append(message, make([]byte, n)...)
		if _, err := io.ReadFull(r, message[at:]); err != nil {
			return nil, err
		}
	}
}

func appendChunks(out, message []byte) []byte {
	for len(message) > 0 {
		n := min(len(message), maxChunk)
		out = binary.BigEndian.AppendUint16(out, uint16(n))
		out = append(out, message[:n]...)
		message = message[n:]
	}
	return append(out, 0, 0)
}
