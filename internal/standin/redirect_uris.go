package standin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
)

// RegisterRedirectURI registers another redirect URI for every client, for example with a free loopback port. GoTo
// compares the port as well, so each one needs a registration.
func (s *Server) RegisterRedirectURI(uri string) error {
	if err := checkRedirectURI(uri); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registered = append(s.registered, uri)
	return nil
}

// redirectURIs returns the registered redirect URIs. The first one is the default.
func (s *Server) redirectURIs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.registered)
}

func checkRedirectURI(uri string) error {
	parsed, err := url.Parse(uri)
	if err == nil && (!parsed.IsAbs() || strings.Contains(uri, "#")) {
		err = errors.New("it must be absolute and without a fragment (RFC 6749 section 3.1.2)")
	}
	if err != nil {
		return fmt.Errorf("redirect URI %q: %w", uri, err)
	}
	return nil
}

// RegisterLoopback registers a redirect URI with a free port of this machine, and returns it.
func (s *Server) RegisterLoopback(ctx context.Context) (uri string, err error) {
	for range 100 {
		// Systems may use higher ports for outgoing connections at any time.
		host := fmt.Sprintf("localhost:%d", 10000+rand.IntN(20000))
		listener, listenErr := (&net.ListenConfig{}).Listen(ctx, "tcp", host)
		if listenErr != nil {
			err = listenErr
			continue
		}
		uri = "http://" + host + "/callback"
		return uri, errors.Join(listener.Close(), s.RegisterRedirectURI(uri))
	}
	return "", err
}
