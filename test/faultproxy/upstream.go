// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
)

type upstreamOptions struct {
	server, ca, certificate, key string
}

// upstream passes requests on to the real server, but for those that a rule is about.
type upstream struct {
	rules    *ruleBook
	byToken  atomic.Bool
	asAdmin  *httputil.ReverseProxy
	asItself *httputil.ReverseProxy
}

var errAnswerLost = errors.New("the answer is lost")

func newUpstream(options upstreamOptions, rules *ruleBook) (*upstream, error) {
	server, err := url.Parse(options.server)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(options.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", options.ca)
	}
	pair, err := tls.LoadX509KeyPair(options.certificate, options.key)
	if err != nil {
		return nil, err
	}
	return &upstream{
		rules:    rules,
		asAdmin:  newProxy(server, &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}),
		asItself: newProxy(server, &tls.Config{RootCAs: pool}),
	}, nil
}

func newProxy(server *url.URL, config *tls.Config) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        func(request *httputil.ProxyRequest) { request.SetURL(server) },
		Transport:      &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true},
		FlushInterval:  -1,
		ModifyResponse: loseAnswer,
		ErrorLog:       log.New(os.Stderr, "upstream: ", 0),
		ErrorHandler: func(writer http.ResponseWriter, request *http.Request, err error) {
			// As if there were no proxy: a server that is not there answers nothing.
			panic(http.ErrAbortHandler)
		},
	}
}

type lostKey struct{}

func loseAnswer(response *http.Response) error {
	if response.Request.Context().Value(lostKey{}) != nil {
		_ = response.Body.Close()
		return errAnswerLost
	}
	return nil
}
