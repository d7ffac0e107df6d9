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

// signaled counts the results of logins whose processes received a signal at a random moment.
type signaled struct{ tried, lost, unexplained atomic.Int64 }

// Ctrl-C at a random moment loses no login, regardless of the server's progress: the process waits for a pending answer
// and stores it.
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

// kill -9 loses only pending answers, and the next run reports them.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	soak(t)
	seen := signalAtRandom(t, os.Kill)
	if seen.unexplained.Load() > 0 {
		t.Errorf("%d losses were not explained", seen.unexplained.Load())
	}
}

// signalAtRandom sends a signal to 300 processes while they ask for a token, each at a random moment. The server
// replaces every refresh token, revokes the login if it sees a replaced one, and answers late.
func signalAtRandom(t *testing.T, sent os.Signal) *signaled {
	t.Helper()
	seen := &signaled{}
	var waiting sync.WaitGroup // concurrently, because the processes mostly wait for answers
	for late, times := range map[time.Duration]int{5 * time.Millisecond: 10, 200 * time.Millisecond: 14, 1500 * time.Millisecond: 6} {
		for range 10 {
			w := newReuseDetectingWorld(t)
			w.server.Configure(func(b *standin.Behavior) {
				b.BeforeAnswer = func(*http.Request) { <-time.After(late) } // even if the client stops waiting
			})
			waiting.Go(func() {
				for signaled := 0; signaled < times; {
					if w.signalOne(sent, late, seen) {
						signaled++
					}
				}
			})
		}
	}
	waiting.Wait()
	t.Logf("%d processes received %q: %d logins lost, %d of them unexplained",
		seen.tried.Load(), sent, seen.lost.Load(), seen.unexplained.Load())
	return seen
}

// signalOne sends a signal to one process before or shortly after its answer arrives, and checks the result of the next
// process. It returns false if the first process ended before the signal.
func (w *world) signalOne(sent os.Signal, late time.Duration, seen *signaled) bool {
	w.Helper()
	w.server.ResetCounts()
	refreshToken := w.server.IssueRefreshToken()
	c := w.start(childRequest{RefreshToken: refreshToken})
	must(w, c.release())
	timer := time.AfterFunc(rand.N(late*5/4), func() { _ = c.command.Process.Signal(sent) })
	output := c.finish()
	if timer.Stop() {
		return false
	}
	seen.tried.Add(1)

	_, warnings, err := w.process().Token(w.Context(), with(oauth.RefreshToken, refreshToken))
	granted := w.server.Counts().Granted // counts the requests of both processes
	ended, isEnded := errors.AsType[*engine.LoginEndedError](err)
	switch {
	case err == nil && len(warnings) == 0:
	case isEnded && ended.Lost != nil && ended.Lost.Process == c.command.Process.Pid && granted == 1:
		seen.lost.Add(1)
	default:
		seen.lost.Add(1)
		seen.unexplained.Add(1)
		w.Errorf("after %q and %d granted requests: got warnings %v and error %v", output, granted, warnings, err)
	}
	return true
}
