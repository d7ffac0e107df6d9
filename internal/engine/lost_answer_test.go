package engine_test

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Every later run reports a lost answer together with the process that sent the request. The code is not sent again.
func TestLostAnswerIsReported(t *testing.T) {
	t.Parallel()
	w := newReuseDetectingWorld(t)
	code, refreshToken := w.code(), w.refreshToken()
	w.server.Configure(func(b *standin.Behavior) {
		b.BeforeAnswer = func(*http.Request) { panic(http.ErrAbortHandler) }
	})
	for range 2 { // the second run gets the same error
		for _, request := range []engine.Request{code, refreshToken} {
			fails(w, request, func(err *oauth.TokenError) bool { return err.Outcome == oauth.Interrupted })
		}
	}
	w.counts(1, 1, 0)
	lostAt := w.time()
	host, err := os.Hostname()
	must(t, err)
	w.server.Configure(func(b *standin.Behavior) { b.BeforeAnswer = nil })
	for range 3 {
		w.pass(time.Minute)
		isOurs := func(lost engine.Intent) bool {
			return lost.Process == os.Getpid() && lost.Host == host && lost.At.Equal(lostAt)
		}
		fails(w, code, func(err *engine.AnswerLostError) bool { return isOurs(err.Lost) })
		fails(w, refreshToken, func(err *engine.LoginEndedError) bool { return err.Lost != nil && isOurs(*err.Lost) })
		w.counts(0, 1, 0)
	}
}

// The error is the same if one call loses the answer and repeats the request.
func TestAnswerLostBeforeRetryIsReported(t *testing.T) {
	t.Parallel()
	w := newReuseDetectingWorld(t)
	request := w.refreshToken()
	var once sync.Once
	w.server.Configure(func(b *standin.Behavior) {
		b.BeforeAnswer = func(*http.Request) { once.Do(func() { panic(http.ErrAbortHandler) }) }
	})
	process := w.process()
	process.Endpoint.MaxRetries = 1
	process.Endpoint.Wait = func(int) time.Duration { return 0 }
	failsOn(w, process, request, func(err *engine.LoginEndedError) bool { return err.Lost != nil })
	w.counts(0, 2, 0)
}
