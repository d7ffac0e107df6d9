package main

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// BenchmarkStep measures what the engine does one after the other, each with an entry of its own.
func BenchmarkStep(b *testing.B) {
	w := newBenchWorld(b)
	directory, err := cache.OpenDirectory(w.cache(), cache.Options{})
	if err != nil {
		b.Fatal(err)
	}
	server, err := oauth.NewServer(w.standin.URL)
	if err != nil {
		b.Fatal(err)
	}
	entries, sealer := cache.New(directory), secret.New(standin.ClientSecret)
	known, login := cache.NewKey("known"), make([]byte, 2048)
	claim := func(key cache.Key, do func(*cache.Claim) error) error {
		claim, err := entries.Claim(b.Context(), key)
		if err != nil {
			return err
		}
		return errors.Join(do(claim), claim.End())
	}
	write := func(claim *cache.Claim) error { return claim.Write(b.Context(), sealer, login, cache.Lasting) }
	if err := claim(known, write); err != nil {
		b.Fatal(err)
	}
	nothing := func(*cache.Claim) error { return nil }
	client := oauth.Client{ID: standin.ClientID, Secret: sealer}
	grant := oauth.Grant{Type: oauth.RefreshToken, Credential: secret.New(w.standin.IssueRefreshToken())}
	for name, step := range map[string]func(cache.Key) error{
		"claim":       func(key cache.Key) error { return claim(key, nothing) },
		"claim-known": func(cache.Key) error { return claim(known, nothing) },
		"read": func(cache.Key) error {
			_, err := entries.Read(b.Context(), known, sealer)
			return err
		},
		"intent": func(cache.Key) error {
			return claim(known, func(claim *cache.Claim) error { return claim.WriteIntent(b.Context(), sealer, login) })
		},
		"write": func(cache.Key) error { return claim(known, write) },
		"request": func(cache.Key) error {
			// Of its own, because it has not used up its requests for this second.
			endpoint := &oauth.TokenEndpoint{Server: server, HTTP: oauth.NewHTTPClient(time.Minute), Now: time.Now}
			_, err := endpoint.Token(b.Context(), client, grant, func() error { return nil })
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := step(cache.NewKey(name, strconv.Itoa(i))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
