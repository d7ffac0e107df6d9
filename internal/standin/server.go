// Package standin is a server that behaves as GoTo's OAuth server is documented to behave, for tests and for trying the
// provider without an account. It keeps everything in memory, knows two people, and is not part of a release.
//
// The defaults are what GoTo documents. Each uncertain point has a field in [Behavior].
package standin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a running stand-in. Its methods may be called at any time from any goroutine.
type Server struct {
	// URL is the address it listens on, without a trailing slash. It is both the authentication URL and the API URL.
	URL string

	settings
	http   *http.Server
	served chan error
	closed func() error

	mu         sync.Mutex
	registered []string // The redirect URIs.
	behavior   Behavior
	counts     Counts
	limit      limit
	store      store
}

// Start starts a stand-in on a free loopback port.
func Start(options ...Option) (*Server, error) {
	s := &Server{
		settings: newSettings(options),
		served:   make(chan error, 1),
		behavior: documented(),
		store:    newStore(),
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("starting the stand-in: %w", err)
	}
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("starting the stand-in: %w", err)
	}
	s.URL = "http://" + listener.Addr().String()
	s.registered = append(s.initialURIs, s.LandingURI())

	// There is no timeout for whole requests, because a test may delay a reply for any time.
	s.http = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	s.closed = sync.OnceValue(s.stop)
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// Close stops the server and closes its open connections. Later calls return the result of the first.
func (s *Server) Close() error { return s.closed() }

func (s *Server) stop() error {
	closed := s.http.Close()
	served := <-s.served
	if errors.Is(served, http.ErrServerClosed) {
		served = nil
	}
	return errors.Join(closed, served)
}

// Handler returns a handler for everything that the stand-in serves, so that a test can serve it elsewhere, for example
// behind TLS. It shares its state with the server.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/authorize", s.showSignIn)
	mux.HandleFunc("POST /oauth/authorize", s.decideSignIn)
	mux.HandleFunc("POST /oauth/token", s.token)
	mux.HandleFunc("POST /oauth/revoke", s.revoke)
	mux.HandleFunc("GET /admin/rest/v1/me", s.me)
	mux.HandleFunc("GET /identity/v1/Users/me", s.scimMe)
	mux.HandleFunc("GET "+landingPath, landing)
	mux.HandleFunc("GET /{$}", s.startPage)
	mux.HandleFunc("/", notFound)
	return mux
}

// notFound answers all other requests, including known paths with the wrong method.
func notFound(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusNotFound, map[string]any{
		"errorCode": "NOT_FOUND",
		"message":   "There is no " + r.Method + " " + r.URL.Path,
	})
}
