package engine_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// signalled counts what became of the logins of processes that got a signal at a random moment.
type signalled struct{ tried, lost, unexplained atomic.Int64 }

// Ctrl-C at a random moment loses no login, whatever the server has done by then: an answer that is on its way is
// waited for and stored.
func TestInterruptedProcesses(t *testing.T) {
	t.Parallel()
	soak(t)
	if runtime.GOOS == "windows" {
		t.Skip("Windows sends no interrupt to a single process")
	}
	seen := signalAtRandom(t, os.Interrupt)
	if seen.lost.Load() > 0 {
		t.Errorf("%d of %d logins were lost", seen.lost.Load(), seen.tried.Load())
	}
}

// kill -9 loses nothing but answers that are on their way, and the next run says so.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	soak(t)
	seen := signalAtRandom(t, os.Kill)
	if seen.unexplained.Load() > 0 {
		t.Errorf("%d losses were not explained", seen.unexplained.Load())
	}
}

// signalAtRandom sends a signal to 300 processes, at random moments of an opening. The server replaces the refresh
// token at once, kills the login if it sees a replaced one, and answers late.
func signalAtRandom(t *testing.T, sent os.Signal) *signalled {
	t.Helper()
	seen := &signalled{}
	var waiting sync.WaitGroup // all at once, as most of the time they wait for answers
	for late, times := range map[time.Duration]int{5 * time.Millisecond: 10, 200 * time.Millisecond: 14, 1500 * time.Millisecond: 6} {
		for range 10 {
			w := newKillingWorld(t)
			w.server.Configure(func(b *standin.Behavior) {
				b.BeforeAnswer = func(*http.Request) { <-time.After(late) } // whether the client waits or not
			})
			waiting.Go(func() {
				for signalled := 0; signalled < times; {
					if w.signalOne(sent, late, seen) {
						signalled++
					}
				}
			})
		}
	}
	waiting.Wait()
	t.Logf("%d processes were sent %q: %d logins lost, %d of them unexplained",
		seen.tried.Load(), sent, seen.lost.Load(), seen.unexplained.Load())
	return seen
}

// signalOne sends a signal to one process, at a moment before its answer comes or shortly after that, and looks at
// what the next process makes of it. It returns false if the process had ended by then.
func (w *world) signalOne(sent os.Signal, late time.Duration, seen *signalled) bool {
	w.Helper()
	w.server.ResetCounts()
	refreshToken := w.server.IssueRefreshToken()
	c := w.start(order{RefreshToken: refreshToken})
	if err := c.release(); err != nil {
		w.Fatal(err)
	}
	timer := time.AfterFunc(rand.N(late*5/4), func() { _ = c.command.Process.Signal(sent) })
	said := c.finish()
	if timer.Stop() {
		return false
	}
	seen.tried.Add(1)

	_, warnings, err := w.process().Token(w.Context(), with(oauth.RefreshToken, refreshToken))
	granted := w.server.Counts().Granted // by the request of either process
	ended, isEnded := errors.AsType[*engine.LoginEndedError](err)
	switch {
	case err == nil && len(warnings) == 0:
	case isEnded && ended.Lost != nil && ended.Lost.Process == c.command.Process.Pid && granted == 1:
		seen.lost.Add(1)
	default:
		seen.lost.Add(1)
		seen.unexplained.Add(1)
		w.Errorf("after %q, %d granted: %v, %v", said, granted, warnings, err)
	}
	return true
}
