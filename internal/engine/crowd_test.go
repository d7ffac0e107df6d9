package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Fifty processes at once, twenty times, on one login whose tokens live two seconds, against a
// server that revokes the whole login when a replaced refresh token is shown to it.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const processes, rounds, life = 50, 20, 2 * time.Second
	w := newKillingWorld(t)
	w.server.Configure(func(b *standin.Behaviour) { b.AccessTokenLifetime = life })
	refreshToken := w.server.IssueRefreshToken()

	started := time.Now()
	for range rounds {
		children := make([]*child, processes)
		for i := range children {
			children[i] = w.start(order{RefreshToken: refreshToken})
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
	}
	elapsed, counts := time.Since(started), w.server.Counts()
	// A token serves for the first half of its life, so no more requests than this can be due.
	most := int(elapsed/(life/2)) + 1
	t.Logf("%d openings in %s took %d requests; at most %d were due", processes*rounds, elapsed.Round(time.Second), counts.Token, most)
	if counts.Token > most || counts.Refused != 0 {
		t.Errorf("%d requests, %d refused; want at most %d and none", counts.Token, counts.Refused, most)
	}
}

// newKillingWorld is a world whose server replaces every refresh token, and revokes the whole login
// when a replaced one is shown.
func newKillingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) {
		b.ReplaceRefreshToken = standin.Always
		b.ReuseKillsFamily = true
	})
	return w
}
