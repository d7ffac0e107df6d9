package engine_test

import (
	"testing"
	"time"
)

// Fifty processes at once, twenty times, on one login that is due, against a server that revokes the whole login when
// a replaced refresh token is shown to it: one request each time, and everybody has a token.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const processes, rounds = 50, 20
	w := newKillingWorld(t)
	refreshToken := w.server.IssueRefreshToken()
	var ahead time.Duration
	for range rounds {
		children := make([]*child, processes)
		for i := range children {
			children[i] = w.start(order{RefreshToken: refreshToken, Ahead: ahead})
		}
		for _, c := range children {
			if err := c.release(); err != nil {
				t.Error(err)
			}
		}
		for _, c := range children {
			if said := c.finish(); said != "done" {
				t.Errorf("a process said %q", said)
			}
		}
		w.counts(0, 1, 0)
		w.pass(time.Hour)
		ahead += time.Hour
	}
}
