// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log"
	"os"
	"path/filepath"
)

// What a group must not forget over a restart, written before it is said: tests take a log for proof (test/e2e/nodes.py). A write that fails ends the process: going on would break a promise. Nothing is forced to the disk, so it outlives the process and not the machine.

type raftMeta struct {
	Term   uint64 `json:"term"`
	Vote   string `json:"vote"`
	Commit int    `json:"commit"`
}

type raftDisk struct {
	logPath, metaPath string
	file              *os.File
}

func openRaftDisk(dir, name string) (*raftDisk, raftMeta, []logEntry, error) {
	var meta raftMeta
	d := &raftDisk{logPath: filepath.Join(dir, name+".log"), metaPath: filepath.Join(dir, name+".meta")}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, meta, nil, err
	}
	if err := readJSON(d.metaPath, &meta); err != nil {
		return nil, meta, nil, err
	}
	entries, err := readLog(d.logPath)
	if err != nil {
		return nil, meta, nil, err
	}
	d.rewrite(entries)
	return d, meta, entries, nil
}

// readLog stops at a line that was cut off by the end of the process that wrote it.
func readLog(path string) ([]logEntry, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var entries []logEntry
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, maxMessage)
	for scanner.Scan() {
		var entry logEntry
		if json.Unmarshal(scanner.Bytes(), &entry) != nil {
			break
		}
		entries = append(entries, entry)
	}
	return entries, scanner.Err()
}

func encodeLog(entries []logEntry) []byte {
	var out []byte
	for _, entry := range entries {
		line, err := json.Marshal(entry)
		if err != nil {
			log.Fatalf("a log entry cannot be written: %v", err)
		}
		out = append(append(out, line...), '\n')
	}
	return out
}

func (d *raftDisk) append(entries []logEntry) {
	if _, err := d.file.Write(encodeLog(entries)); err != nil {
		log.Fatalf("the log cannot be written: %v", err)
	}
}

func (d *raftDisk) rewrite(entries []logEntry) {
	d.close()
	err := replaceFile(d.logPath, encodeLog(entries))
	if err == nil {
		d.file, err = os.OpenFile(d.logPath, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		log.Fatalf("the log cannot be written: %v", err)
	}
}

func (d *raftDisk) saveMeta(meta raftMeta) {
	data, err := json.Marshal(meta)
	if err == nil {
		err = replaceFile(d.metaPath, data)
	}
	if err != nil {
		log.Fatalf("the log's state cannot be written: %v", err)
	}
}

func (d *raftDisk) close() {
	if d.file != nil {
		_ = d.file.Close()
	}
}

func (d *raftDisk) remove() {
	_ = os.Remove(d.logPath)
	_ = os.Remove(d.metaPath)
}

func replaceFile(path string, data []byte) error {
	if err := os.WriteFile(path+".part", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// readJSON leaves the value alone where there is no file.
func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
