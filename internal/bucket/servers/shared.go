package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// shared holds a store of each kind for all tests of a process.
var shared = map[string]*sharedServer{"s3": {}, "gs": {}, "azblob": {}}

type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs the tests of a package with the credentials of the stores in the environment, stops the stores that
// [Shared] has started, and then calls finish. It is for TestMain.
func Main(m *testing.M, finish ...func() error) {
	for name, value := range Environment() {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	for scheme, started := range shared {
		if started.server != nil {
			if err := started.server.Stop(); err != nil {
				fmt.Fprintf(os.Stderr, "stopping the store for %s://: %v\n", scheme, err)
				code = 1
			}
		}
	}
	for _, finish := range finish {
		if err := finish(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Shared returns the store for scheme that the tests of this process share. It skips the test if the store's program is
// missing.
func Shared(t testing.TB, scheme string) *Server {
	t.Helper()
	shared := shared[scheme]
	shared.once.Do(func() { shared.server, shared.err = Start(scheme) })
	if missing := (*MissingError)(nil); errors.As(shared.err, &missing) {
		t.Skipf("%s:// is not tested: %v", scheme, missing)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// NewBucket creates a bucket for one test and returns its name.
func (s *Server) NewBucket(ctx context.Context, t testing.TB) string {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	if err := s.CreateBucket(ctx, name); err != nil {
		t.Fatal(err)
	}
	return name
}
