package engine_test

import (
	"testing"
	"time"
)

// soak skips a test that needs many processes or much time unless "make soak" runs it.
func soak(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("make soak runs this")
	}
}

// crowd starts processes that all ask for a token at the same time.
func (w *world) crowd(processes int, asked childRequest) []*child {
	w.Helper()
	children := make([]*child, processes)
	for i := range children {
		children[i] = w.start(asked)
	}
	for _, c := range children {
		if err := c.release(); err != nil {
			w.Error(err)
		}
	}
	return children
}

// Fifty processes share one login that is due, twenty times. The server revokes the whole login when it sees a replaced
// refresh token. Each round takes one request, and every process gets a token.
func TestCrowd(t *testing.T) {
	t.Parallel()
	soak(t)
	w := newReuseDetectingWorld(t)
	refreshToken := w.server.IssueRefreshToken()
	var ahead time.Duration
	for range 20 {
		for _, c := range w.crowd(50, childRequest{RefreshToken: refreshToken, Ahead: ahead}) {
			if output := c.finish(); output != "done" {
				t.Errorf("a process reported %q", output)
			}
		}
		w.counts(0, 1, 0)
		w.pass(time.Hour)
		ahead += time.Hour
	}
}
