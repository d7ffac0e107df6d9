package main

import (
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
	directory, err := cache.OpenDirectory(w.cache(), cache.DirectoryOptions{})
	if err != nil {
		b.Fatal(err)
	}
	server, err := oauth.NewServer(w.standin.URL)
	if err != nil {
		b.Fatal(err)
	}
	entries, sealer := cache.New(directory), secret.New(standin.ClientSecret)
	known, login := cache.NewKey("known"), make([]byte, 2048)
	if err := entries.Write(b.Context(), known, sealer, login); err != nil {
		b.Fatal(err)
	}
	client := oauth.Client{ID: standin.ClientID, Secret: sealer}
	grant := oauth.Grant{Type: oauth.RefreshToken, Credential: secret.New(w.standin.IssueRefreshToken())}
	for name, step := range map[string]func(cache.Key) error{
		"lock": func(key cache.Key) error {
			unlock, err := entries.Lock(b.Context(), key)
			if err != nil {
				return err
			}
			return unlock()
		},
		"lock-known": func(cache.Key) error {
			unlock, err := entries.Lock(b.Context(), known)
			if err != nil {
				return err
			}
			return unlock()
		},
		"read": func(cache.Key) error {
			_, err := entries.Read(b.Context(), known, sealer)
			return err
		},
		"prove": func(key cache.Key) error { return entries.ProveWritable(b.Context(), key) },
		"write": func(key cache.Key) error { return entries.Write(b.Context(), key, sealer, login) },
		"request": func(cache.Key) error {
			// Of its own, because it has not used up its requests for this second.
			endpoint := &oauth.TokenEndpoint{Server: server, HTTP: oauth.NewHTTPClient(time.Minute), Now: time.Now}
			_, err := endpoint.Token(b.Context(), client, grant)
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
