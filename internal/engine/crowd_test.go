package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
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

// Twelve processes and a server that hangs: one request is paid for, and everybody names the server.
func TestCrowdInAnOutage(t *testing.T) {
	t.Parallel()
	soak(t)
	w := newWorld(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	w.server.Configure(func(b *standin.Behaviour) { b.BeforeAnswer = func(*http.Request) { <-hang } })
	const timeout = 5 * time.Second
	for _, c := range w.crowd(12, order{RefreshToken: w.server.IssueRefreshToken(), Timeout: timeout}) {
		if said := c.finish(); !strings.Contains(said, "/oauth/token: no answer within "+timeout.String()) {
			t.Errorf("a process said %q", said)
		}
	}
	w.counts(0, 1, 0)
}

// 32 processes with a valid token do not wait for one that asks for another.
func TestCrowdWithAValidToken(t *testing.T) {
	t.Parallel()
	soak(t)
	w := newWorld(t)
	told := order{RefreshToken: w.server.IssueRefreshToken()}
	if said := w.crowd(1, told)[0].finish(); said != "done" {
		t.Fatalf("a process said %q", said)
	}
	arrived, answer := w.holding()
	const later = 10 * time.Minute
	w.pass(later)
	told.Ahead = later
	longer := told
	longer.MinValidity = 55 * time.Minute
	waiting := w.crowd(1, longer)[0]
	<-arrived
	for _, c := range w.crowd(32, told) {
		if said := c.finish(); said != "done" {
			t.Errorf("a process said %q", said)
		}
	}
	answer()
	if said := waiting.finish(); said != "done" {
		t.Errorf("the process that asked said %q", said)
	}
	w.counts(0, 2, 0)
}
