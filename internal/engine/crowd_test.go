package engine_test

import (
	"testing"
	"time"
)

// soak leaves a test that takes many processes or much time to "make soak".
func soak(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("make soak runs this")
	}
}

// crowd starts that many processes and lets them ask at once.
func (w *world) crowd(processes int, told order) []*child {
	w.Helper()
	children := make([]*child, processes)
	for i := range children {
		children[i] = w.start(told)
	}
	for _, c := range children {
		if err := c.release(); err != nil {
			w.Error(err)
		}
	}
	return children
}

// Fifty processes at once, twenty times, on one login that is due, against a server that revokes the whole login when
// a replaced refresh token is shown to it: one request each time, and everybody has a token.
func TestCrowd(t *testing.T) {
	t.Parallel()
	soak(t)
	w := newKillingWorld(t)
	refreshToken := w.server.IssueRefreshToken()
	var ahead time.Duration
	for range 20 {
		for _, c := range w.crowd(50, order{RefreshToken: refreshToken, Ahead: ahead}) {
			if said := c.finish(); said != "done" {
				t.Errorf("a process said %q", said)
			}
		}
		w.counts(0, 1, 0)
		w.pass(time.Hour)
		ahead += time.Hour
	}
}
