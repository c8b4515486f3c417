// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// registration is what the service keeps of a token: everything but the private key.
type registration struct {
	Kid       string    `json:"kid"`
	Project   string    `json:"project"`
	PublicKey string    `json:"public_key"` // base64 of the DER SubjectPublicKeyInfo
	Expires   time.Time `json:"expires"`
}

// mint makes a token of the shape that fleetManagement.registerToken takes, and its registration.
func mint(project string, expires time.Time) (string, registration, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", registration{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", registration{}, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", registration{}, err
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", registration{}, err
	}
	reg := registration{
		Kid:       hex.EncodeToString(id[:]),
		Project:   project,
		PublicKey: base64.StdEncoding.EncodeToString(public),
		Expires:   expires.UTC().Truncate(time.Second),
	}
	body, err := json.Marshal(map[string]string{
		"project_id":  project,
		"private_key": base64.StdEncoding.EncodeToString(private),
		"kid":         reg.Kid,
		"expiry_time": reg.Expires.Format(time.RFC3339),
	})
	if err != nil {
		return "", registration{}, err
	}
	return base64.StdEncoding.EncodeToString(body), reg, nil
}

func (r registration) key() (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(r.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("public_key is not base64: %w", err)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("public_key is not a public key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("public_key is not on the curve P-256")
	}
	return key, nil
}

// parseExpiry reads a moment (RFC 3339) or a distance from now ("1h", "-10m").
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("'%s' is neither an RFC 3339 time nor a duration such as 1h", text)
	}
	return now.Add(d), nil
}
