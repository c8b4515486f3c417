// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"sync"
)

// wires is a listener whose connections can be cut or silenced.
type wires struct {
	net.Listener
	mutex    sync.Mutex
	open     map[*wire]struct{}
	cutAfter int64
	grow     int64
	cuts     int64
}

type wire struct {
	net.Conn
	owner  *wires
	mutex  sync.Mutex
	budget int64 // bytes to the operator before the cut; below 0: no limit
	silent chan struct{}
	ended  chan struct{}
	once   sync.Once
}

func newWires(listener net.Listener) *wires {
	return &wires{Listener: listener, open: map[*wire]struct{}{}}
}

func (w *wires) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	made := &wire{Conn: conn, owner: w, budget: -1, silent: make(chan struct{}), ended: make(chan struct{})}
	if w.cutAfter > 0 {
		made.budget = w.cutAfter
		w.cutAfter += w.grow
	}
	w.open[made] = struct{}{}
	return made, nil
}

func (w *wires) setCut(after, grow int64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cutAfter, w.grow, w.cuts = after, grow, 0
}

func (w *wires) cutCount() (int64, int64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.cuts, w.cutAfter
}

func (w *wires) each(do func(*wire)) int {
	w.mutex.Lock()
	open := make([]*wire, 0, len(w.open))
	for one := range w.open {
		open = append(open, one)
	}
	w.mutex.Unlock()
	for _, one := range open {
		do(one)
	}
	return len(open)
}

// silence keeps the connection open, as far as the peer can tell, and lets nothing through for good.
func (c *wire) silence() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	select {
	case <-c.silent:
	default:
		close(c.silent)
	}
}

func (c *wire) isSilent() bool {
	select {
	case <-c.silent:
		return true
	default:
		return false
	}
}

func (c *wire) Read(data []byte) (int, error) {
	n, err := c.Conn.Read(data)
	if c.isSilent() {
		// Neither what came nor an end is passed on: the socket stays as it is until it is closed from this side.
		<-c.ended
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *wire) Write(data []byte) (int, error) {
	if c.isSilent() {
		<-c.ended
		return 0, net.ErrClosed
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.budget < 0 || int64(len(data)) <= c.budget {
		if c.budget >= 0 {
			c.budget -= int64(len(data))
		}
		return c.Conn.Write(data)
	}
	n, _ := c.Conn.Write(data[:c.budget])
	c.budget = 0
	c.owner.mutex.Lock()
	c.owner.cuts++
	c.owner.mutex.Unlock()
	_ = c.Conn.Close()
	return n, net.ErrClosed
}

func (c *wire) Close() error {
	c.once.Do(func() { close(c.ended) })
	c.owner.mutex.Lock()
	delete(c.owner.open, c)
	c.owner.mutex.Unlock()
	return c.Conn.Close()
}
