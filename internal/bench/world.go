package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// world is a stand-in, and a directory with a token cache and room for a configuration.
type world struct {
	standin   *standin.Server
	directory string
	// variables lead a provider to both, with the grant of a login that is the world's own.
	variables []string
}

// newWorld returns a world whose server takes no time.
func newWorld(directory string) (*world, error) {
	server, err := standin.Start()
	if err != nil {
		return nil, err
	}
	w := &world{standin: server, directory: directory}
	w.variables = append(server.Environment(),
		"GOTO_TOKEN_CACHE=file:///"+strings.TrimPrefix(filepath.ToSlash(w.cache()), "/"),
		"GOTO_REFRESH_TOKEN="+server.IssueRefreshToken(),
		"GOTO_PERSONAL_ACCESS_TOKEN=",
	)
	return w, nil
}

func (w *world) cache() string { return filepath.Join(w.directory, "cache") }

func (w *world) close() { _ = w.standin.Close() }

// forget makes the next opening a cold one.
func (w *world) forget() error { return os.RemoveAll(w.cache()) }

// requests returns how many token requests have come since the last call.
func (w *world) requests() int {
	defer w.standin.ResetCounts()
	return w.standin.Counts().Token
}

// refreshTokens issues that many.
func (w *world) refreshTokens(count int) (tokens []string) {
	for range count {
		tokens = append(tokens, w.standin.IssueRefreshToken())
	}
	return tokens
}

// takeTime makes the server answer token requests after that long.
func (w *world) takeTime(long time.Duration) {
	w.standin.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			timer := time.NewTimer(long)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
			}
			return false
		}
	})
}
