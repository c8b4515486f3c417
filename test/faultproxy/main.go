// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Faultproxy stands between an operator and a real API server and spoils what passes: answers of its own in place of the server's,
// connections that are cut after so many bytes, and connections that fall silent. What it does is said by rules over HTTP:
//
//	PUT    /rules   a JSON list of rules, in place of those before
//	GET    /rules   the rules, with how often each was used
//	PUT    /wire    {"cutAfter": N, "grow": M}: each new connection is cut after N bytes, N growing by M; 0: none is
//	POST   /silence the connections that are open now carry nothing more, and do not end
//	POST   /close   the connections that are open now are closed
//	GET    /calls   how many requests came, by method and path without a query
//	DELETE /calls
//	PUT    /identity {"token": true}: the operator's own bearer token goes to the server, and not the certificate
//	POST   /certificate a new authority, and a certificate by it, for the connections to come
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	var options upstreamOptions
	listen := flag.String("listen", "127.0.0.1:0", "address for the operator")
	control := flag.String("control", "127.0.0.1:0", "address for the rules")
	folder := flag.String("folder", "", "where ca.crt, address and control are written")
	flag.StringVar(&options.server, "server", "", "URL of the API server")
	flag.StringVar(&options.ca, "ca", "", "file with its certificate authority")
	flag.StringVar(&options.certificate, "certificate", "", "file with the client's certificate")
	flag.StringVar(&options.key, "key", "", "file with the client's key")
	flag.Parse()
	if err := run(*listen, *control, *folder, options); err != nil {
		log.Fatal(err)
	}
}

func run(listen, control, folder string, options upstreamOptions) error {
	rules := newRuleBook()
	upstream, err := newUpstream(options, rules)
	if err != nil {
		return err
	}
	front, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	back, err := net.Listen("tcp", control)
	if err != nil {
		return err
	}
	wires := newWires(front)
	identity, err := newIdentity(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	operator := &http.Server{
		Handler:   upstream,
		TLSConfig: &tls.Config{GetCertificate: identity.get, MinVersion: tls.VersionTLS12},
		ErrorLog:  log.New(os.Stderr, "front: ", 0),
	}
	go func() { failed <- operator.ServeTLS(wires, "", "") }()
	go func() { failed <- http.Serve(back, controlHandler(rules, wires, upstream, identity)) }()
	for name, address := range map[string]string{"address": front.Addr().String(), "control": back.Addr().String()} {
		if err := writeWhole(filepath.Join(folder, name), address); err != nil {
			return err
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-stop:
		return nil
	}
}

// A reader never sees half a file.
func writeWhole(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}
