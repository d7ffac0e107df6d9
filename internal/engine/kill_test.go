package engine_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Processes are killed at random moments of lock, read, request and store. Whatever the moment, the
// next process takes the lock at once and reads an undamaged entry. The login is lost only when the
// kill fell between the server's answer and the completed store, which no client can help.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	const kills = 300
	w := newKillingWorld(t)
	front := newFront(t, w)
	refreshToken := w.server.IssueRefreshToken()
	var ahead time.Duration // by an hour more each time, so that every opening is due for a request
	step := func() order {
		w.pass(time.Hour)
		ahead += time.Hour
		return order{RefreshToken: refreshToken, Ahead: ahead}
	}
	var answered atomic.Int64 // when the server began to answer, in nanoseconds
	w.server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(http.ResponseWriter, *http.Request) bool {
			answered.Store(time.Now().UnixNano())
			return false
		}
	})

	// How long one opening takes, undisturbed, and how much of it comes after the request.
	var whole, tail time.Duration
	const samples = 10
	for range samples {
		c := w.start(step())
		begun := time.Now()
		if err := c.release(); err != nil {
			t.Fatal(err)
		}
		if said := c.finish(); said != "done" {
			t.Fatalf("a process said %q", said)
		}
		whole += time.Since(begun) / samples
		tail += time.Since(time.Unix(0, answered.Load())) / samples
	}

	var killed, lost, finished int
	for killed < kills {
		w.server.ResetCounts()
		told := step()
		c := w.start(told)
		if err := c.release(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(rand.N(whole), func() { _ = c.command.Process.Kill() })
		said := c.finish()
		if timer.Stop() || said == "done" {
			finished++ // faster than the kill
			continue
		}
		killed++
		front.settle(t) // its request may still be on the way
		seen := w.server.Counts()

		process := w.process()
		process.Now = func() time.Time { return time.Now().Add(ahead) }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, warnings, err := process.Token(ctx, with(oauth.RefreshToken, refreshToken))
		cancel()
		for _, warning := range warnings {
			t.Errorf("after kill %d: %v", killed, warning)
		}
		switch {
		case err == nil:
		case !isRefused(err):
			t.Fatalf("after kill %d: %v", killed, err)
		case seen.Granted == 0:
			t.Fatalf("after kill %d, before the server had answered: %v", killed, err)
		default:
			lost++
			refreshToken = w.server.IssueRefreshToken() // somebody signs in again
		}
	}
	// The kills are spread evenly over an opening, so the share of losses is the share of the window.
	window := whole * time.Duration(lost) / time.Duration(killed+finished)
	t.Logf("an opening takes %s, %s of it after the request arrived; %d kills, and %d openings that were faster: %d logins lost, so the window is about %s",
		whole.Round(time.Microsecond), tail.Round(time.Microsecond), killed, finished, lost, window.Round(time.Microsecond))
}

// isRefused tells whether err is the server's no to the refresh token.
func isRefused(err error) bool {
	if ended, ok := errors.AsType[*engine.LoginEndedError](err); ok {
		err = ended.Err
	}
	refused, ok := errors.AsType[*oauth.TokenError](err)
	return ok && refused.Code == oauth.InvalidGrant
}
