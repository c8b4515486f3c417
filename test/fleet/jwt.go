// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

const (
	audience = "fleet-management-api"
	issuer   = "plugin"
	// How far a server's clock may be ahead of ours.
	clockSkew = time.Minute
)

type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  textList `json:"aud"`
	Expires   int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	ProjectID string   `json:"project_id"`
	DbmsID    string   `json:"dbms_id"`
}

// textList is a JSON string or a list of them, as a JWT's aud may be.
type textList []string

func (s *textList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*s = textList{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(data, &many)
	*s = many
	return err
}

func (s textList) has(want string) bool {
	for _, one := range s {
		if one == want {
			return true
		}
	}
	return false
}

type signed struct {
	kid       string
	payload   []byte
	signature []byte
	input     string
}

// parseJWT takes a compact JWS apart; nothing in it is to be believed before verify.
func parseJWT(token string) (*signed, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the bearer is not a JWT of three parts")
	}
	var raw [3][]byte
	for i, part := range parts {
		data, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return nil, fmt.Errorf("part %d of the JWT is not base64url", i+1)
		}
		raw[i] = data
	}
	var header struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
	}
	if err := json.Unmarshal(raw[0], &header); err != nil {
		return nil, errors.New("the JWT's header is not JSON")
	}
	if header.Alg != "ES256" {
		return nil, fmt.Errorf("the JWT's alg is '%s', not ES256", header.Alg)
	}
	return &signed{header.Kid, raw[1], raw[2], parts[0] + "." + parts[1]}, nil
}

// verify checks the signature first, then what was signed.
func (s *signed) verify(key *ecdsa.PublicKey, now time.Time) (*claims, error) {
	if len(s.signature) != 64 {
		return nil, errors.New("the signature is not 64 bytes long")
	}
	sum := sha256.Sum256([]byte(s.input))
	r := new(big.Int).SetBytes(s.signature[:32])
	v := new(big.Int).SetBytes(s.signature[32:])
	if !ecdsa.Verify(key, sum[:], r, v) {
		return nil, errors.New("the signature does not match the token's key")
	}
	var c claims
	if err := json.Unmarshal(s.payload, &c); err != nil {
		return nil, errors.New("the JWT's claims are not JSON")
	}
	switch {
	case c.Issuer != issuer || c.Subject != issuer:
		return nil, fmt.Errorf("iss and sub must be '%s'", issuer)
	case !c.Audience.has(audience):
		return nil, fmt.Errorf("aud must be '%s'", audience)
	case c.Expires == 0 || !now.Before(time.Unix(c.Expires, 0)):
		return nil, errors.New("the JWT has expired")
	case time.Unix(c.IssuedAt, 0).After(now.Add(clockSkew)):
		return nil, errors.New("the JWT was issued in the future")
	case c.DbmsID == "":
		return nil, errors.New("dbms_id is missing")
	}
	return &c, nil
}
